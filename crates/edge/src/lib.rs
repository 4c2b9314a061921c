//! The engine-less client of Lenslet: a query posted over HTTP.
