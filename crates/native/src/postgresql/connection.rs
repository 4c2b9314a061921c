//! One connection to a PostgreSQL server.
//!
//! What is sent together is one flight: the statements of it run one after the other, and where one fails the rest is not
//! executed. Outside of a transaction a flight is a transaction of its own.

use super::{
    batch::{Given, Single},
    bind::{self, Bound},
    error,
    line::Line,
    message::{self, Report},
    row::{Column, Columns, Kept, Place, Row},
    settings::Settings,
    statements::{Prepared, Statements},
    stream::Address,
};
use crate::{
    forest,
    observe::{Comment, Observer, Opened, Running},
    parts::Parts,
    timer::within,
};
use bytes::BytesMut;
use lenslet_core::{
    catalog::Catalog,
    error::{Error, ErrorKind},
};
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio_postgres::{
    error::SqlState,
    types::{Kind as SqlKind, Type as SqlType},
};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long a connection that was left in the middle of something may take to become usable again.
const RECOVERY: Duration = Duration::from_secs(5);

/// What a type is that the driver does not know: its name, its kind, what it is a list of, what it is a domain over.
const TYPE: &str = "SELECT t.typname, t.typtype, t.typelem, t.typbasetype, n.nspname FROM pg_catalog.pg_type AS t \
                    JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace WHERE t.oid = $1";

/// Lets the rest of a flight, which is a transaction of its own, see one state of the database. It ends with the transaction.
const ISOLATE: &str = "SET transaction_isolation TO 'repeatable read'";

/// A connection.
pub(crate) struct Connection {
    line: Line,
    statements: Statements,
    /// Types that the database defines, by their numbers.
    types: HashMap<u32, SqlType>,
    canceller: Canceller,
    patience: Option<Duration>,
    /// Whether PostgreSQL is reached through something that hands the connection on between transactions, so that
    /// prepared statements get lost. Shared by all connections of a pool.
    unprepared: Arc<AtomicBool>,
    /// Whether an answer is on its way.
    waiting: bool,
    /// Whether a transaction is open.
    in_transaction: bool,
    /// Whether a statement of the transaction failed: PostgreSQL then keeps nothing of it, whatever it is told.
    failed: bool,
    broken: bool,
    observer: Arc<Observer>,
    /// What the statements of the operation that runs end with.
    comment: Option<Box<Comment>>,
    /// What is sent in front of the next statement, so that it takes no round trip of its own.
    ahead: Vec<Ahead>,
    /// Statements that stand for several, and were refused as such.
    pub(super) refused: HashSet<Box<str>>,
    /// Where the cells of a row are: one list for all rows.
    places: Vec<Place>,
    _opened: Opened,
}

/// What is sent.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) sql: Cow<'a, str>,
    pub(crate) parameters: Vec<Bound<'a>>,
    /// The types of the parameters, where they and not the statement decide.
    pub(crate) types: Vec<SqlType>,
}

/// A call as it reaches the server.
pub(super) struct Sent<'a> {
    pub(super) sql: Cow<'a, str>,
    pub(super) call: &'a Call<'a>,
    /// Whether nobody will send the same again.
    once: bool,
}

impl Sent<'_> {
    fn is_same(&self, other: &Sent<'_>) -> bool {
        self.sql == other.sql && self.call.types == other.call.types
    }
}

/// What need not be answered before the next statement is sent.
struct Ahead {
    what: Before,
    running: Running,
}

enum Before {
    Command(Cow<'static, str>),
    Statement(Arc<Prepared>, Vec<Bound<'static>>),
}

/// What a batch is kept or undone with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Around {
    /// A transaction of its own, which begins so.
    Transaction(&'static str),
    /// A savepoint of that name in the transaction that runs.
    Savepoint(&'static str),
}

impl Around {
    fn end(self) -> Cow<'static, str> {
        match self {
            Around::Transaction(_) => "COMMIT".into(),
            Around::Savepoint(name) => format!("RELEASE {name}").into(),
        }
    }
}

/// Why nothing of a batch was kept.
#[derive(Debug)]
pub(crate) enum Undone {
    /// A member of it failed, or its beginning or end.
    Failed(Option<usize>, Fault),
    /// Its statements cannot be sent together, or not just now: they can be tried one by one.
    Again,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The database says so.
    Server(Box<Report>),
    /// The engine does.
    Engine(Error),
    /// The connection has ended.
    Broken(io::Error),
    /// It took too long.
    Late,
    /// Statements have to be prepared again, and some of their rows were handed over already. Nothing was changed.
    Stale,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Fault::Engine(error)
    }
}

impl Fault {
    /// As an error of the engine.
    pub(crate) fn classify(self, catalog: &Catalog) -> Error {
        match self {
            Fault::Server(report) => error::classify(&report, catalog),
            other => other.raw(),
        }
    }

    /// As an error of the engine, where the SQL was the user's own.
    pub(crate) fn raw(self) -> Error {
        match self {
            Fault::Server(report) => error::raw(&report),
            Fault::Engine(error) => error,
            Fault::Broken(error) if error.kind() == io::ErrorKind::UnexpectedEof => error::closed("without a word"),
            Fault::Broken(error) => error::closed(&error.to_string()),
            // Whoever only read tries again, as if the connection were another one.
            Fault::Stale => error::closed("its prepared statements do not fit the tables any more"),
            Fault::Late => Error::new(
                ErrorKind::OperationTimeout,
                "PostgreSQL did not answer in time; make the query cheaper, or raise `socket_timeout` in the URL",
            ),
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        match self {
            Fault::Server(report) => error::is_closed(report),
            Fault::Broken(_) => true,
            Fault::Engine(_) | Fault::Late | Fault::Stale => false,
        }
    }

    fn state(&self) -> Option<&SqlState> {
        match self {
            Fault::Server(report) => Some(&report.code),
            _ => None,
        }
    }
}

/// How a statement reaches the server.
#[derive(Clone)]
enum Way {
    /// It is prepared.
    Prepared(Arc<Prepared>),
    /// It is sent whole, with its parameters as text.
    Whole,
}

/// A part of a flight, and what is known of its answer.
struct Part {
    form: Form,
    running: Option<Running>,
    affected: u64,
}

enum Form {
    /// A prepared statement, whose rows are handed over as they come.
    Prepared(Arc<Prepared>),
    /// A statement whose columns are known only with its rows.
    Whole(Vec<(String, u32)>, Kept),
    /// A statement that is prepared.
    Described(Vec<(String, u32)>, Vec<u32>),
}

impl Part {
    fn whole() -> Part {
        Part { form: Form::Whole(Vec::new(), Kept::default()), running: None, affected: 0 }
    }
}

/// What failed in a flight: which of its parts, and why.
type Failed = (usize, Fault);

/// Listens to the answers to a flight.
struct Listener<'f, T> {
    parts: &'f mut [Part],
    /// The part that is answered.
    at: usize,
    places: &'f mut Vec<Place>,
    /// How many bytes of rows there may be, and how many there were.
    room: usize,
    heard: usize,
    take: T,
    failed: Option<Failed>,
}

impl<T: FnMut(usize, &Row<'_>) -> Result<(), Error>> Listener<'_, T> {
    fn hear(&mut self, tag: u8, body: &[u8]) {
        if tag == b'E' {
            // What fails later fails because of it.
            if !matches!(self.failed, Some((_, Fault::Server(_)))) {
                self.failed = Some((self.at, Fault::Server(Box::new(Report::read(body)))));
            }
            return;
        }
        if tag == b'D' {
            self.heard = self.heard.saturating_add(body.len());
            if self.heard > self.room && self.failed.is_none() {
                self.failed = Some((self.at, Fault::Engine(forest::beyond(self.room))));
            }
        }
        let Some(part) = self.parts.get_mut(self.at) else { return };
        match (tag, &mut part.form) {
            // The rest is still read, so that the connection is ready for the next statement.
            (b'D', _) if self.failed.is_some() => {}
            (b'D', Form::Prepared(statement)) => {
                let row = Row::read(&statement.columns, body, self.places);
                if let Err(error) = row.and_then(|row| (self.take)(self.at, &row)) {
                    self.failed = Some((self.at, Fault::Engine(error)));
                }
            }
            (b'D', Form::Whole(_, rows)) => rows.push(body),
            (b'T', Form::Whole(columns, _)) => *columns = message::columns(body),
            (b't', Form::Described(_, parameters)) => *parameters = message::parameters(body),
            (b'T', Form::Described(columns, _)) => {
                *columns = message::columns(body);
                self.at += 1;
            }
            (b'n', Form::Described(..)) => self.at += 1,
            (b'C' | b'I', _) => {
                part.affected = message::affected(body);
                if let Some(running) = part.running.take() {
                    running.finish(part.affected);
                }
                self.at += 1;
            }
            _ => {}
        }
    }
}

/// How far a flight goes at a time.
#[derive(Clone, Copy)]
struct Reach<'p> {
    /// How many bytes of rows there may be.
    room: usize,
    /// What has to be taken away before more rows are waited for.
    taken: Option<&'p Parts>,
}

impl Reach<'_> {
    const FAR: Reach<'static> = Reach { room: usize::MAX, taken: None };
}

/// Nobody looks at rows.
fn unseen(_: usize, _: &Row<'_>) -> Result<(), Error> {
    Ok(())
}

impl Connection {
    pub(crate) async fn open(
        settings: &Settings,
        tls: &MakeRustlsConnect,
        unprepared: &Arc<AtomicBool>,
        bouncer: &OnceLock<bool>,
        observer: &Arc<Observer>,
    ) -> Result<Connection, Error> {
        let opening = observer.opening();
        let address = Address::of(settings, tls);
        let opened = within(settings.connect_timeout, address.open(settings)).await;
        let (line, key) = opened.unwrap_or_else(|| Err(error::late(settings)))?;
        let mut connection = Connection {
            line,
            statements: Statements::new(settings.statements),
            types: HashMap::new(),
            canceller: Canceller(Arc::new((address, key))),
            patience: settings.socket_timeout,
            unprepared: Arc::clone(unprepared),
            waiting: false,
            in_transaction: false,
            failed: false,
            broken: false,
            observer: Arc::clone(observer),
            comment: None,
            ahead: Vec::new(),
            refused: HashSet::new(),
            places: Vec::new(),
            _opened: opening.done(&settings.host, settings.port, &settings.database),
        };
        let bounced = connection.is_bounced(settings, bouncer).await.map_err(|fault| match fault {
            // A PgBouncer says only now what is wrong with its server.
            Fault::Server(report) => error::refused(&report, settings),
            other => other.raw(),
        })?;
        if bounced {
            connection.statements.keep_none();
        } else if let Some(schema) = &settings.schema {
            // For SQL of the user's own. It would stay behind on the server's connections where others are handed them.
            let command = format!("SET search_path TO \"{}\"", schema.replace('"', "\"\""));
            connection.command(&command).await.map_err(Fault::raw)?;
        }
        Ok(connection)
    }

    /// Whether the connection may be another one after each transaction. It is asked once for all connections of a pool, where
    /// the URL does not say.
    ///
    /// A server greets with the number of the process that serves the connection; what stands in for it, as a PgBouncer does,
    /// greets with a number of its own.
    async fn is_bounced(&mut self, settings: &Settings, known: &OnceLock<bool>) -> Result<bool, Fault> {
        if let Some(bounced) = settings.bouncer.or_else(|| known.get().copied()) {
            return Ok(bounced);
        }
        let greeted = self.canceller.0.1.first_chunk::<4>().copied();
        let rows = self.look_up("SELECT pg_backend_pid()", Vec::new()).await?;
        let columns = [Column { name: String::new(), ty: SqlType::INT4 }];
        let mut own = None;
        rows.each(&columns, |row| {
            own = row.cell(0)?.1.and_then(|bytes| bytes.first_chunk::<4>().copied());
            Ok(())
        })?;
        // What cannot be found out is taken for what it mostly is.
        let bounced = greeted.is_some() && own.is_some() && greeted != own;
        Ok(*known.get_or_init(|| bounced))
    }

    /// Whether it can be used, as far as is known without asking the server.
    pub(crate) fn is_usable(&mut self) -> bool {
        self.broken |= !self.line.is_open();
        !self.broken
    }

    /// Whether it was left in the middle of something.
    pub(crate) fn is_idle(&self) -> bool {
        !self.waiting && !self.in_transaction
    }

    /// Whether an answer is on its way that nobody waits for any more.
    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    pub(crate) fn in_transaction(&self) -> bool {
        self.in_transaction
    }

    /// What the statements end with from now on.
    pub(crate) fn set_comment(&mut self, comment: Option<Box<Comment>>) {
        self.comment = comment;
    }

    pub(crate) fn comment(&self) -> Option<Box<Comment>> {
        self.comment.clone()
    }

    /// How many bytes the rows of an answer may take, however many flights bring them.
    pub(crate) fn answer_room(&self) -> usize {
        self.observer.room()
    }

    /// What stops the statement that runs.
    pub(crate) fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }

    /// Writes what goes in front of the next statement.
    fn write_ahead(&mut self) -> Result<(), Error> {
        let out = &mut self.line.out;
        for ahead in &self.ahead {
            match &ahead.what {
                Before::Command(sql) => write_command(out, sql)?,
                Before::Statement(statement, parameters) => write_prepared(out, statement, parameters)?,
            }
        }
        Ok(())
    }

    /// Sends what is waiting, and then what `write` writes, and hands over the rows of these parts, as far as there is room.
    async fn fly(
        &mut self,
        parts: Vec<Part>,
        write: impl FnOnce(&mut BytesMut) -> Result<(), (Option<usize>, Error)>,
        reach: Reach<'_>,
        mut take: impl FnMut(usize, &Row<'_>) -> Result<(), Error> + Send,
    ) -> Result<Vec<Part>, (Option<usize>, Fault)> {
        let before = self.line.out.len();
        let written = self.write_ahead().map_err(|error| (None, error)).and_then(|()| write(&mut self.line.out));
        let closing = |()| self.statements.write_closing(&mut self.line.out).map_err(|error| (None, error));
        if let Err((at, error)) = written.and_then(closing) {
            self.line.out.truncate(before);
            return Err((at, error.into()));
        }
        self.line.sync();
        let ahead = self.ahead.len();
        let mut all = parts;
        if ahead > 0 {
            let before = self.ahead.drain(..).map(|it| Part { running: Some(it.running), ..Part::whole() });
            all = before.chain(all).collect();
        }
        let take = |at: usize, row: &Row<'_>| take(at - ahead, row);
        let failed = self.listen(&mut all, reach, take).await;
        match failed {
            Some((at, fault)) => Err((at.checked_sub(ahead), fault)),
            None => {
                self.statements.closed();
                all.drain(..ahead);
                Ok(all)
            }
        }
    }

    /// Waits for the answers to a flight.
    async fn listen(
        &mut self,
        parts: &mut [Part],
        reach: Reach<'_>,
        take: impl FnMut(usize, &Row<'_>) -> Result<(), Error> + Send,
    ) -> Option<Failed> {
        self.waiting = true;
        let places = &mut self.places;
        let mut listener = Listener { parts, at: 0, places, room: reach.room, heard: 0, take, failed: None };
        let answering = self.line.answer(reach.taken, |tag, body| listener.hear(tag, body));
        let answer = match self.patience {
            None => answering.await,
            Some(patience) => within(patience, answering).await.unwrap_or(Err(Fault::Late)),
        };
        let (at, failed) = (listener.at, listener.failed);
        match answer {
            Ok(state) => {
                (self.waiting, self.in_transaction, self.failed) = (false, state != b'I', state == b'E');
                self.broken |= failed.as_ref().is_some_and(|(_, fault)| fault.is_closed());
                failed
            }
            // It is on its way still, and nobody waits for it.
            Err(Fault::Late) => Some((at, Fault::Late)),
            Err(fault) => {
                (self.waiting, self.broken) = (false, true);
                // What the server said last explains why it has ended.
                failed.or(Some((at, fault)))
            }
        }
    }

    /// Rows of a statement whose columns have types that are known.
    async fn look_up(&mut self, sql: &str, parameters: Vec<(Bound<'_>, SqlType)>) -> Result<Kept, Fault> {
        let (values, types): (Vec<Bound<'_>>, Vec<SqlType>) = parameters.into_iter().unzip();
        let write = |out: &mut BytesMut| write_whole(out, sql, &values, &types).map_err(|error| (None, error));
        let parts = self.fly(vec![Part::whole()], write, Reach::FAR, unseen).await.map_err(|(_, fault)| fault)?;
        match parts.into_iter().next() {
            Some(Part { form: Form::Whole(_, rows), .. }) => Ok(rows),
            _ => Ok(Kept::default()),
        }
    }

    /// A statement without parameters and rows.
    pub(crate) async fn command(&mut self, sql: &str) -> Result<(), Fault> {
        self.commands(&[sql]).await
    }

    /// Statements without parameters and rows.
    async fn commands(&mut self, all: &[&str]) -> Result<(), Fault> {
        let parts = all.iter().map(|sql| {
            let running = Some(self.observer.statement(sql, String::new));
            Part { running, ..Part::whole() }
        });
        let write =
            |out: &mut BytesMut| all.iter().try_for_each(|sql| write_command(out, sql)).map_err(|error| (None, error));
        self.fly(parts.collect(), write, Reach::FAR, unseen).await.map_err(|(_, fault)| fault)?;
        Ok(())
    }

    /// Begins a transaction.
    pub(crate) async fn begin(&mut self, command: &str) -> Result<(), Fault> {
        self.in_transaction = true;
        self.failed = false;
        self.command(command).await
    }

    /// Says what comes in front of the next statement.
    fn send_ahead(&mut self, command: impl Into<Cow<'static, str>>) {
        let command = command.into();
        let running = self.observer.statement(&command, String::new);
        self.ahead.push(Ahead { what: Before::Command(command), running });
    }

    /// Begins a transaction with the next statement.
    pub(crate) fn begin_ahead(&mut self, command: &'static str) {
        self.in_transaction = true;
        self.failed = false;
        self.send_ahead(command);
    }

    /// Begins a savepoint with the next statement.
    pub(crate) fn save_ahead(&mut self, savepoint: &str) {
        self.send_ahead(format!("SAVEPOINT {savepoint}"));
    }

    /// Sends a statement with the next one. It belongs to a transaction, and nobody waits for what it answers; where it fails
    /// the next one says so.
    pub(crate) async fn run_ahead(&mut self, call: Call<'_>) -> Result<(), Fault> {
        let sent = self.sent(&call);
        let Way::Prepared(statement) = self.way(&sent).await? else {
            return self.run(&call, &mut |_: &Row<'_>| Ok(())).await.map(|_| ());
        };
        let running = self.watch(&sent);
        let parameters = call.parameters.into_iter().map(Bound::into_owned).collect();
        self.ahead.push(Ahead { what: Before::Statement(statement, parameters), running });
        Ok(())
    }

    /// Sends what waits for the next statement.
    pub(crate) async fn flush(&mut self) -> Result<(), Fault> {
        if self.ahead.is_empty() { Ok(()) } else { self.commands(&[]).await }
    }

    /// Statements that were not sent yet need not be undone.
    fn forget_ahead(&mut self) {
        self.ahead.retain(|it| matches!(it.what, Before::Command(_)));
    }

    /// Ends the transaction, keeping what it did.
    pub(crate) async fn commit(&mut self) -> Result<(), Fault> {
        if self.failed {
            self.rollback().await?;
            return Err(Fault::Engine(Error::new(
                ErrorKind::Transaction,
                "nothing of the transaction was kept, because one of its statements had failed; let its error end the \
                 transaction, or put what may fail into a nested one",
            )));
        }
        let committed = self.command("COMMIT").await;
        if committed.is_err() && self.in_transaction && !self.broken && !self.waiting {
            // What went along failed, and the end was not executed. Where this fails the connection is closed.
            let _ = self.rollback().await;
        }
        committed
    }

    /// Ends the transaction, undoing what it did.
    pub(crate) async fn rollback(&mut self) -> Result<(), Fault> {
        self.forget_ahead();
        self.command("ROLLBACK").await
    }

    /// Makes a connection usable that was left in the middle of something. Says whether it is.
    pub(crate) async fn recover(&mut self) -> bool {
        let recovering = async {
            if self.waiting {
                self.canceller().cancel().await;
            }
            // The cancellation may strike the first of these instead of what it was meant for.
            for _ in 0..2 {
                match self.rollback().await {
                    Ok(()) => return true,
                    Err(fault) if fault.state() == Some(&SqlState::QUERY_CANCELED) => {}
                    Err(_) => return false,
                }
            }
            false
        };
        within(RECOVERY, recovering).await.unwrap_or(false)
    }

    /// Undoes what was done since a savepoint, and forgets it.
    pub(crate) async fn undo_to(&mut self, savepoint: &str) -> Result<(), Fault> {
        self.forget_ahead();
        self.commands(&[&format!("ROLLBACK TO {savepoint}"), &format!("RELEASE {savepoint}")]).await
    }

    fn sent<'c>(&self, call: &'c Call<'c>) -> Sent<'c> {
        match &self.comment {
            None => Sent { sql: Cow::Borrowed(&call.sql), call, once: false },
            Some(comment) => Sent { sql: comment.end(&call.sql), call, once: comment.once },
        }
    }

    fn watch(&self, sent: &Sent<'_>) -> Running {
        self.observer.statement(&sent.sql, || bind::shown(&sent.call.parameters))
    }

    /// How a statement reaches the server, where it need not be prepared first.
    fn known_way(&mut self, sent: &Sent<'_>) -> Option<Way> {
        if sent.once || self.statements.keeps_none() || self.unprepared.load(Ordering::Relaxed) {
            return Some(Way::Whole);
        }
        self.statements.find(sent).map(Way::Prepared)
    }

    /// How a statement reaches the server.
    async fn way(&mut self, sent: &Sent<'_>) -> Result<Way, Fault> {
        if let Some(way) = self.known_way(sent) {
            return Ok(way);
        }
        match self.prepare_all(&[sent]).await {
            // The name is taken: by somebody else, who has the same connection in turn.
            Err(fault) if self.forget_stale(sent, &fault) && !self.in_transaction => Ok(Way::Whole),
            Err(fault) => Err(fault),
            Ok(prepared) => Ok(prepared.into_iter().next().map_or(Way::Whole, Way::Prepared)),
        }
    }

    /// Prepares statements, all of them at once.
    async fn prepare_all(&mut self, all: &[&Sent<'_>]) -> Result<Vec<Arc<Prepared>>, Fault> {
        let names: Vec<String> = all.iter().map(|_| self.statements.name()).collect();
        let described = || Part { form: Form::Described(Vec::new(), Vec::new()), running: None, affected: 0 };
        let write = |out: &mut BytesMut| {
            all.iter().zip(&names).enumerate().try_for_each(|(at, (sent, name))| {
                let parsed = message::parse(out, name, &sent.sql, &sent.call.types);
                parsed.and_then(|()| message::describe(out, name)).map_err(|error| (Some(at), error))
            })
        };
        let parts = match self.fly(all.iter().map(|_| described()).collect(), write, Reach::FAR, unseen).await {
            Ok(parts) => parts,
            Err((at, fault)) => {
                // Those before it exist, and nobody will use them.
                self.statements.close(names.into_iter().take(at.unwrap_or(0)));
                return Err(fault);
            }
        };
        let mut prepared = Vec::with_capacity(all.len());
        for ((sent, name), part) in all.iter().zip(names).zip(parts) {
            let Form::Described(columns, parameters) = part.form else { continue };
            let columns = self.columns(columns).await?;
            let mut types = Vec::with_capacity(parameters.len());
            for number in parameters {
                types.push(self.type_of(number).await?);
            }
            let statement = Arc::new(Prepared { name, parameters: types, columns });
            self.statements.insert(sent, Arc::clone(&statement));
            prepared.push(statement);
        }
        Ok(prepared)
    }

    async fn columns(&mut self, described: Vec<(String, u32)>) -> Result<Columns, Fault> {
        let mut columns = Vec::with_capacity(described.len());
        for (name, number) in described {
            columns.push(Column { name, ty: self.type_of(number).await? });
        }
        Ok(columns.into())
    }

    /// The type of a number. Those that the database defines are looked up once.
    async fn type_of(&mut self, number: u32) -> Result<SqlType, Fault> {
        match SqlType::from_oid(number).or_else(|| self.types.get(&number).cloned()) {
            Some(ty) => Ok(ty),
            None => self.learn(number).await,
        }
    }

    fn learn(&mut self, number: u32) -> Pin<Box<dyn Future<Output = Result<SqlType, Fault>> + Send + '_>> {
        Box::pin(async move {
            let rows = self.look_up(TYPE, vec![(Bound::Int(number.into()), SqlType::OID)]).await?;
            let types = [SqlType::NAME, SqlType::CHAR, SqlType::OID, SqlType::OID, SqlType::NAME];
            let columns = types.map(|ty| Column { name: String::new(), ty });
            let mut found = None;
            rows.each(&columns, |row| {
                let text = |at: usize| Ok::<_, Error>(String::from_utf8_lossy(row.cell(at)?.1.unwrap_or_default()));
                let number = |at: usize| {
                    let bytes = row.cell(at)?.1.and_then(|bytes| bytes.first_chunk::<4>());
                    Ok::<_, Error>(bytes.map_or(0, |bytes| u32::from_be_bytes(*bytes)))
                };
                found = Some((text(0)?.into_owned(), text(1)? == "e", number(2)?, number(3)?, text(4)?.into_owned()));
                Ok(())
            })?;
            let Some((name, is_enum, item, base, schema)) = found else { return Ok(SqlType::UNKNOWN) };
            let kind = match (is_enum, base, item) {
                // Which variants there are is for the schema to say.
                (true, ..) => SqlKind::Enum(Vec::new()),
                (false, 0, 0) => SqlKind::Simple,
                (false, 0, item) => SqlKind::Array(self.type_of(item).await?),
                (false, base, _) => SqlKind::Domain(self.type_of(base).await?),
            };
            let ty = SqlType::new(name, number, kind, schema);
            self.types.insert(number, ty.clone());
            Ok(ty)
        })
    }

    /// Runs a statement, hands over its rows, and says how many it wrote.
    pub(crate) async fn run(
        &mut self,
        call: &Call<'_>,
        take: &mut (impl FnMut(&Row<'_>) -> Result<(), Error> + Send),
    ) -> Result<u64, Fault> {
        self.run_in_parts(call, None, take).await
    }

    /// The same; waits for rows only when what was taken before is not among these parts any more.
    pub(crate) async fn run_in_parts(
        &mut self,
        call: &Call<'_>,
        taken: Option<&Parts>,
        take: &mut (impl FnMut(&Row<'_>) -> Result<(), Error> + Send),
    ) -> Result<u64, Fault> {
        let mut take = |_: usize, row: &Row<'_>| take(row);
        let affected = self.run_each(std::slice::from_ref(call), taken, &mut take).await?;
        Ok(affected.first().copied().unwrap_or(0))
    }

    /// Runs statements, all of them sent before the first is answered; hands over their rows, in their order, and says how
    /// many each wrote. Outside of a transaction all is undone where one of them fails.
    pub(crate) async fn run_all(
        &mut self,
        calls: &[Call<'_>],
        take: &mut (impl FnMut(usize, &Row<'_>) -> Result<(), Error> + Send),
    ) -> Result<Vec<u64>, Fault> {
        self.run_each(calls, None, take).await
    }

    async fn run_each(
        &mut self,
        calls: &[Call<'_>],
        taken: Option<&Parts>,
        take: &mut (impl FnMut(usize, &Row<'_>) -> Result<(), Error> + Send),
    ) -> Result<Vec<u64>, Fault> {
        let all: Vec<Sent<'_>> = calls.iter().map(|call| self.sent(call)).collect();
        let mut seen = false;
        let mut taking = |at: usize, row: &Row<'_>| {
            seen = true;
            take(at, row)
        };
        match self.run_sent(&all, taken, &mut taking).await {
            Ok(affected) => Ok(affected),
            Err((at, fault)) if self.must_prepare_again(&all, at, &fault) => match seen {
                true => Err(Fault::Stale),
                false => self.run_sent(&all, taken, take).await.map_err(|(_, fault)| fault),
            },
            Err((_, fault)) => Err(fault),
        }
    }

    /// Runs statements that only read, all of them on the same state of the database, and sent before the first is answered.
    /// Hands over their rows in their order.
    pub(crate) async fn read_all(
        &mut self,
        calls: &[Call<'_>],
        take: &mut (impl FnMut(usize, &Row<'_>) -> Result<(), Error> + Send),
    ) -> Result<(), Fault> {
        let isolate = Call { sql: ISOLATE.into(), parameters: Vec::new(), types: Vec::new() };
        let mut all = Vec::with_capacity(calls.len() + 1);
        all.push(Sent { sql: Cow::Borrowed(&isolate.sql), call: &isolate, once: false });
        all.extend(calls.iter().map(|call| self.sent(call)));
        // The first has no rows.
        let mut taking = |at: usize, row: &Row<'_>| take(at.saturating_sub(1), row);
        match self.run_sent(&all, None, &mut taking).await {
            Ok(_) => Ok(()),
            Err((at, fault)) if self.must_prepare_again(&all, at, &fault) => Err(Fault::Stale),
            Err((_, fault)) => Err(fault),
        }
    }

    /// How many bytes the rows of these statements may take together. Where something is written there is no limit: what a
    /// flight writes is kept before its answer can be refused.
    fn room(&self, all: &[Sent<'_>]) -> usize {
        let only_reads = |sent: &Sent<'_>| {
            let first = sent.sql.trim_start().get(..6);
            sent.sql == ISOLATE || first.is_some_and(|it| it.eq_ignore_ascii_case("SELECT"))
        };
        if all.iter().all(only_reads) { self.observer.room() } else { usize::MAX }
    }

    async fn run_sent(
        &mut self,
        all: &[Sent<'_>],
        taken: Option<&Parts>,
        take: &mut (impl FnMut(usize, &Row<'_>) -> Result<(), Error> + Send),
    ) -> Result<Vec<u64>, (Option<usize>, Fault)> {
        let ways = self.ways(all).await.map_err(|fault| (None, fault))?;
        let parts = all.iter().zip(&ways).map(|(sent, way)| part(way, self.watch(sent))).collect();
        let write = |out: &mut BytesMut| write_all(out, all, &ways);
        let reach = Reach { room: self.room(all), taken };
        let parts = self.fly(parts, write, reach, &mut *take).await?;
        let affected = parts.iter().map(|part| part.affected).collect();
        for (at, part) in parts.into_iter().enumerate() {
            if let Form::Whole(columns, rows) = part.form
                && rows.len() > 0
            {
                let columns = self.columns(columns).await.map_err(|fault| (Some(at), fault))?;
                rows.each(&columns, |row| take(at, row)).map_err(|error| (Some(at), error.into()))?;
            }
        }
        Ok(affected)
    }

    /// How statements reach the server. What is not prepared yet is prepared, all of it at once.
    async fn ways(&mut self, all: &[Sent<'_>]) -> Result<Vec<Way>, Fault> {
        let mut ways: Vec<Option<Way>> = all.iter().map(|sent| self.known_way(sent)).collect();
        let mut missing: Vec<&Sent<'_>> = Vec::new();
        for (sent, _) in all.iter().zip(&ways).filter(|(_, way)| way.is_none()) {
            if !missing.iter().any(|it| it.is_same(sent)) {
                missing.push(sent);
            }
        }
        if let [sent] = missing.as_slice() {
            let way = self.way(sent).await?;
            return Ok(ways.into_iter().map(|it| it.unwrap_or_else(|| way.clone())).collect());
        }
        if !missing.is_empty() {
            let prepared = self.prepare_all(&missing).await?;
            for (sent, way) in all.iter().zip(&mut ways).filter(|(_, way)| way.is_none()) {
                let found = missing.iter().zip(&prepared).find(|(it, _)| it.is_same(sent));
                *way = found.map(|(_, statement)| Way::Prepared(Arc::clone(statement)));
            }
        }
        Ok(ways.into_iter().map(|way| way.unwrap_or(Way::Whole)).collect())
    }

    /// Runs statements that are known beforehand, all of them sent before the first is answered. Where `keep` says so that
    /// includes the end of what is around them; it is undone where one of them fails.
    pub(crate) async fn run_batch(
        &mut self,
        around: Around,
        members: &[Single<'_>],
        keep: bool,
    ) -> Result<Vec<Given>, Undone> {
        if let Around::Savepoint(name) = around {
            // In front of what is prepared: a statement that cannot be would end the transaction.
            self.save_ahead(name);
        }
        let mut all = Vec::with_capacity(members.len());
        for member in members {
            self.set_comment(member.comment.clone());
            let sent = self.sent(&member.call);
            // What it needs may not be there before what comes in front of it has run: then it cannot be prepared.
            let once = sent.once || (!member.ahead && self.known_way(&sent).is_none());
            all.push(Sent { once, ..sent });
        }
        // What cannot be prepared may need what a statement before it makes: then one must come after the other.
        let Ok(ways) = self.ways(&all).await else {
            self.undo(around).await;
            return Err(Undone::Again);
        };
        let watched = all.iter().zip(members).map(|(sent, member)| member.span.in_scope(|| self.watch(sent)));
        let mut parts: Vec<Part> = watched.zip(&ways).map(|(running, way)| part(way, running)).collect();
        if let Around::Transaction(begin) = around {
            self.begin_ahead(begin);
        }
        let end = keep.then(|| around.end());
        if let Some(end) = &end {
            parts.push(Part { running: Some(self.observer.statement(end, String::new)), ..Part::whole() });
        }
        let mut given: Vec<Kept> = all.iter().map(|_| Kept::default()).collect();
        let write = |out: &mut BytesMut| {
            write_all(out, &all, &ways)?;
            end.as_ref().map_or(Ok(()), |end| write_command(out, end)).map_err(|error| (None, error))
        };
        let take = |at: usize, row: &Row<'_>| {
            if let Some(kept) = given.get_mut(at) {
                kept.push(row.body());
            }
            Ok(())
        };
        let reach = Reach { room: self.room(&all), taken: None };
        let answered = match self.fly(parts, write, reach, take).await {
            Ok(parts) => parts,
            Err((at, fault)) => return Err(self.undone(around, &all, at, fault).await),
        };
        let mut answers = Vec::with_capacity(all.len());
        for ((part, way), kept) in answered.into_iter().zip(ways).zip(given) {
            let affected = part.affected;
            answers.push(match (part.form, way) {
                (Form::Whole(columns, rows), _) => {
                    let columns = self.columns(columns).await.map_err(|fault| Undone::Failed(None, fault))?;
                    Given { rows, columns, affected }
                }
                (_, Way::Prepared(statement)) => {
                    Given { rows: kept, columns: Arc::clone(&statement.columns), affected }
                }
                (_, Way::Whole) => Given { rows: kept, columns: Arc::new([]), affected },
            });
        }
        Ok(answers)
    }

    /// Keeps a batch whose end was not sent with it.
    pub(crate) async fn keep_batch(&mut self, around: Around) -> Result<(), Fault> {
        match around {
            Around::Transaction(_) => self.commit().await,
            Around::Savepoint(_) => self.command(&around.end()).await,
        }
    }

    /// Undoes a batch. Where this fails the connection is closed, or the transaction says so when it is to be kept.
    pub(crate) async fn undo(&mut self, around: Around) {
        self.forget_ahead();
        if !self.in_transaction || self.broken || self.waiting {
            return;
        }
        let _ = match around {
            Around::Transaction(_) => self.rollback().await,
            Around::Savepoint(name) => self.undo_to(name).await,
        };
    }

    /// Undoes a batch whose member at that place failed.
    async fn undone(&mut self, around: Around, all: &[Sent<'_>], at: Option<usize>, fault: Fault) -> Undone {
        self.undo(around).await;
        match at.and_then(|at| all.get(at)) {
            Some(sent) if self.forget_stale(sent, &fault) => Undone::Again,
            member => Undone::Failed(at.filter(|_| member.is_some()), fault),
        }
    }

    /// The columns of a statement, without running it.
    pub(crate) async fn prepare(&mut self, call: &Call<'_>) -> Result<Option<Columns>, Fault> {
        let sent = self.sent(call);
        Ok(match self.way(&sent).await? {
            Way::Whole => None,
            Way::Prepared(statement) => Some(Arc::clone(&statement.columns)),
        })
    }

    /// Whether one of some statements failed only because of how it was prepared, and they can be tried again.
    fn must_prepare_again(&mut self, all: &[Sent<'_>], at: Option<usize>, fault: &Fault) -> bool {
        let stale = at.and_then(|at| all.get(at)).is_some_and(|sent| self.forget_stale(sent, fault));
        if stale {
            // What is wrong with one may be wrong with the others.
            all.iter().for_each(|sent| self.statements.forget(sent));
        }
        stale && !self.in_transaction
    }

    /// Whether a statement failed only because of how it was prepared.
    fn forget_stale(&mut self, sent: &Sent<'_>, fault: &Fault) -> bool {
        let stale = match fault.state() {
            // The tables have changed since.
            Some(state) if *state == SqlState::FEATURE_NOT_SUPPORTED => self.statements.knows(sent),
            // The server is another one, or it was told to forget.
            Some(state)
                if *state == SqlState::INVALID_SQL_STATEMENT_NAME || *state == SqlState::DUPLICATE_PSTATEMENT =>
            {
                self.unprepared.store(true, Ordering::Relaxed);
                true
            }
            _ => false,
        };
        if stale {
            self.statements.forget(sent);
        }
        stale
    }
}

fn part(way: &Way, running: Running) -> Part {
    let form = match way {
        Way::Prepared(statement) => Form::Prepared(Arc::clone(statement)),
        Way::Whole => Form::Whole(Vec::new(), Kept::default()),
    };
    Part { form, running: Some(running), affected: 0 }
}

fn write_all(out: &mut BytesMut, all: &[Sent<'_>], ways: &[Way]) -> Result<(), (Option<usize>, Error)> {
    all.iter().zip(ways).enumerate().try_for_each(|(at, (sent, way))| {
        let written = match way {
            Way::Prepared(statement) => write_prepared(out, statement, &sent.call.parameters),
            Way::Whole => write_whole(out, &sent.sql, &sent.call.parameters, &sent.call.types),
        };
        written.map_err(|error| (Some(at), error))
    })
}

fn write_prepared(out: &mut BytesMut, statement: &Prepared, parameters: &[Bound<'_>]) -> Result<(), Error> {
    message::bind(out, &statement.name, parameters, &statement.parameters)?;
    message::execute(out);
    Ok(())
}

/// A statement without parameters and rows, prepared and run at once.
fn write_command(out: &mut BytesMut, sql: &str) -> Result<(), Error> {
    message::parse(out, "", sql, &[])?;
    message::bind(out, "", &[], &[])?;
    message::execute(out);
    Ok(())
}

/// A statement that is prepared and run at once. Parameters whose types are not given are text.
fn write_whole(out: &mut BytesMut, sql: &str, parameters: &[Bound<'_>], types: &[SqlType]) -> Result<(), Error> {
    let given = types.iter().cloned();
    let types: Vec<SqlType> = given.chain(std::iter::repeat(SqlType::UNKNOWN)).take(parameters.len()).collect();
    message::parse(out, "", sql, &types)?;
    message::bind(out, "", parameters, &types)?;
    message::describe_bound(out)?;
    message::execute(out);
    Ok(())
}

/// Stops the statement that runs on a connection.
#[derive(Clone)]
pub(crate) struct Canceller(Arc<(Address, Vec<u8>)>);

impl Canceller {
    pub(crate) async fn cancel(self) {
        let (address, key) = &*self.0;
        // Where the server cannot be told, the connection is closed, which it notices in time.
        let _ = within(RECOVERY, address.cancel(key)).await;
    }
}
