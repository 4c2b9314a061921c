//! The schema of an engine, and the plans of the queries that were asked so far.

#[cfg(feature = "sqlite")]
use crate::cache::Kept;
use crate::cache::PlanCache;
#[cfg(feature = "postgresql")]
use lenslet_core::catalog::RelationKind;
use lenslet_core::{
    catalog::Catalog,
    error::{Error, ErrorKind},
    query::Query,
    value::Value,
};
use lenslet_sql::{Dialect, Parameter, Plan, Read, Shape, plan_shaped};
#[cfg(feature = "postgresql")]
use std::borrow::Cow;
#[cfg(feature = "sqlite")]
use std::cell::RefCell;
use std::{
    ops::Deref,
    sync::{Arc, OnceLock},
};

/// A catalog that is part of the program, or one that was made at run time.
#[derive(Clone, Debug)]
pub struct Schema(Held);

#[derive(Clone, Debug)]
enum Held {
    Written(&'static Catalog),
    Made(Arc<Catalog>),
}

impl From<&'static Catalog> for Schema {
    fn from(catalog: &'static Catalog) -> Self {
        Schema(Held::Written(catalog))
    }
}

impl From<Arc<Catalog>> for Schema {
    fn from(catalog: Arc<Catalog>) -> Self {
        Schema(Held::Made(catalog))
    }
}

impl From<Catalog> for Schema {
    fn from(catalog: Catalog) -> Self {
        Arc::new(catalog).into()
    }
}

#[cfg(feature = "postgresql")]
impl Schema {
    /// The same in a schema of the database: what names none is looked for there, whatever the connection's search path is.
    pub(crate) fn qualified(self, name: &str) -> Schema {
        let mut catalog = Catalog::clone(&self);
        let own = |schema: &mut Option<Cow<'static, str>>| {
            schema.get_or_insert_with(|| Cow::Owned(name.to_owned()));
        };
        catalog.models.to_mut().iter_mut().for_each(|it| own(&mut it.schema));
        catalog.enums.to_mut().iter_mut().for_each(|it| own(&mut it.schema));
        for relation in catalog.relations.to_mut() {
            if let RelationKind::ManyToMany(table) = &mut relation.kind {
                own(&mut table.schema);
            }
        }
        catalog.into()
    }
}

impl Deref for Schema {
    type Target = Catalog;
    fn deref(&self) -> &Catalog {
        match &self.0 {
            Held::Written(catalog) => catalog,
            Held::Made(catalog) => catalog,
        }
    }
}

/// A plan, with what was found out about it.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) plan: Plan,
    /// Whether SQL of the user's own only reads, which the database knows.
    #[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "only SQLite writes on a connection of its own"))]
    pub(crate) only_reads: OnceLock<bool>,
}

/// Plans queries, each shape once.
#[derive(Debug)]
pub(crate) struct Plans {
    pub(crate) schema: Schema,
    dialect: &'static Dialect,
    cache: PlanCache,
}

impl Plans {
    pub(crate) fn new(schema: Schema, dialect: &'static Dialect) -> Self {
        Plans { schema, dialect, cache: PlanCache::default() }
    }

    pub(crate) fn plan(&self, query: &Query, shape: &Shape<'_>) -> Result<Arc<Planned>, Error> {
        let planned = self.cache.get_or_make(shape.key(), || {
            let plan = plan_shaped(&self.schema, query, shape, self.dialect)?;
            Ok::<_, Error>(Planned { plan, only_reads: OnceLock::new() })
        })?;
        self.check_lists(&planned.plan, shape.parameters())?;
        Ok(planned)
    }

    /// Works with the plan of a query, which is looked for first where nobody else looks.
    #[cfg(feature = "sqlite")]
    pub(crate) fn with_plan<T, E: From<Error>>(
        &self,
        kept: &RefCell<Kept>,
        (query, shape): (&Query, &Shape<'_>),
        work: impl FnOnce(&Plan) -> Result<T, E>,
    ) -> Result<T, E> {
        if let Some(planned) = kept.borrow().find(shape.key()) {
            self.check_lists(&planned.plan, shape.parameters())?;
            return work(&planned.plan);
        }
        let planned = self.plan(query, shape)?;
        kept.borrow_mut().keep(shape.key(), &planned);
        work(&planned.plan)
    }

    fn check_lists(&self, plan: &Plan, parameters: &[Parameter<'_>]) -> Result<(), Error> {
        let Plan::Read(Read { bounded, .. }) = plan else {
            return Ok(());
        };
        let most = self.dialect.list_limit;
        for slot in bounded {
            if let Some(Parameter::Value(Value::List(items))) = parameters.get(*slot as usize)
                && items.len() > most
            {
                let why =
                    "Your query cannot be split into multiple queries because of the order by aggregation or relevance";
                return Err(Error::new(
                    ErrorKind::ParameterLimit,
                    format!(
                        "a list of {} values in a query that is ordered by something else than columns of the model: at most {most} \
                         are taken; order by a column, or ask for fewer values at a time",
                        items.len()
                    ),
                )
                .with("message", Value::Text(why.into())));
            }
        }
        Ok(())
    }
}
