//! One connection to a PostgreSQL server.
//!
//! The driver splits a connection into a client and a task that moves bytes. Here the task is no task: whoever waits for an
//! answer moves the bytes, on the thread it is on. That saves two changes of threads an answer, and a connection that lies
//! in the pool costs nothing.

use super::{
    batch::{Given, Single},
    between,
    bind::{self, Bound},
    error,
    settings::Settings,
};
use crate::{
    observe::{Comment, Observer, Opened, Running},
    timer::within,
};
use futures_core::Stream;
use lenslet_core::{
    catalog::Catalog,
    error::{Error, ErrorKind},
};
use std::{
    borrow::Cow,
    collections::HashMap,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio_postgres::{
    CancelToken, Client, Row, SimpleQueryMessage, Socket, Statement, error::SqlState, tls::MakeTlsConnect,
    types::Type as SqlType,
};
use tokio_postgres_rustls::MakeRustlsConnect;

type Wire = tokio_postgres::Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// How long a connection that was left in the middle of something may take to become usable again.
const RECOVERY: Duration = Duration::from_secs(5);

/// A connection.
pub(crate) struct Connection {
    client: Client,
    wire: Wire,
    statements: Statements,
    tls: MakeRustlsConnect,
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
struct Sent<'a> {
    sql: Cow<'a, str>,
    call: &'a Call<'a>,
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
    Statement(Statement, Vec<Bound<'static>>),
}

impl Ahead {
    async fn send(self, client: &Client) -> Result<(), Fault> {
        let affected = match &self.what {
            Before::Command(sql) => client.batch_execute(sql).await.map(|()| 0),
            Before::Statement(statement, parameters) => client.execute_raw(statement, parameters).await,
        };
        self.running.finish(affected?);
        Ok(())
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
    /// The driver or the database says so.
    Driver(tokio_postgres::Error),
    /// The engine does.
    Engine(Error),
    /// The connection has ended.
    Closed,
    /// It took too long.
    Late,
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        Fault::Driver(error)
    }
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
            Fault::Driver(error) => error::classify(&error, catalog),
            other => other.raw(),
        }
    }

    /// As an error of the engine, where the SQL was the user's own.
    pub(crate) fn raw(self) -> Error {
        match self {
            Fault::Driver(error) => error::raw(&error),
            Fault::Engine(error) => error,
            Fault::Closed => error::closed("without a word"),
            Fault::Late => Error::new(
                ErrorKind::OperationTimeout,
                "PostgreSQL did not answer in time; make the query cheaper, or raise `socket_timeout` in the URL",
            ),
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        match self {
            Fault::Driver(error) => error::is_closed(error),
            Fault::Closed => true,
            Fault::Engine(_) | Fault::Late => false,
        }
    }

    fn state(&self) -> Option<&SqlState> {
        match self {
            Fault::Driver(error) => error.code(),
            _ => None,
        }
    }
}

/// How a statement reaches the server.
enum Way {
    /// It is prepared.
    Prepared(Statement),
    /// It is prepared now.
    Prepare,
    /// It is sent whole, with its parameters as text.
    Whole,
}

/// What a finished statement leaves.
struct Done {
    affected: u64,
    statement: Option<Statement>,
}

impl Connection {
    pub(crate) async fn open(
        settings: &Settings,
        tls: &MakeRustlsConnect,
        unprepared: &Arc<AtomicBool>,
        bouncer: &OnceLock<bool>,
        types: Option<&str>,
        observer: &Arc<Observer>,
    ) -> Result<Connection, Error> {
        let opening = observer.opening();
        let connecting = within(settings.connect_timeout, settings.config.connect(tls.clone()));
        let (client, wire) = match connecting.await {
            None => return Err(error::late(settings)),
            Some(connected) => connected.map_err(|error| error::opening(&error, settings))?,
        };
        let mut connection = Connection {
            client,
            wire,
            statements: Statements::new(settings.statements),
            tls: tls.clone(),
            patience: settings.socket_timeout,
            unprepared: Arc::clone(unprepared),
            waiting: false,
            in_transaction: false,
            failed: false,
            broken: false,
            observer: Arc::clone(observer),
            comment: None,
            ahead: Vec::new(),
            _opened: opening.done(&settings.host, settings.port, &settings.database),
        };
        let bounced = connection.is_bounced(settings, bouncer).await.map_err(|fault| match fault {
            // A PgBouncer says only now what is wrong with its server.
            Fault::Driver(error) => error::opening(&error, settings),
            other => other.raw(),
        })?;
        if bounced {
            connection.statements.capacity = 0;
            if let Some(types) = types {
                connection.learn(types).await.map_err(Fault::raw)?;
            }
        } else if let Some(schema) = &settings.schema {
            // For SQL of the user's own. It would stay behind on the server's connections where others are handed them.
            let command = format!("SET search_path TO \"{}\"", schema.replace('"', "\"\""));
            connection.command(&command).await.map_err(Fault::raw)?;
        }
        Ok(connection)
    }

    /// Whether the connection may be another one after each transaction. It is asked once for all connections of a pool, where
    /// the URL does not say.
    async fn is_bounced(&mut self, settings: &Settings, known: &OnceLock<bool>) -> Result<bool, Fault> {
        if let Some(bounced) = settings.bouncer.or_else(|| known.get().copied()) {
            return Ok(bounced);
        }
        let greeted = between::greeting(&self.client.cancel_token()).await;
        let told = self.answer(async |client| Ok(client.simple_query("SELECT pg_backend_pid()").await?)).await?;
        let own = told.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0)?.parse::<i32>().ok(),
            _ => None,
        });
        // What cannot be found out is taken for what it mostly is.
        let bounced = greeted.is_some() && own.is_some() && greeted != own;
        Ok(*known.get_or_init(|| bounced))
    }

    /// Lets the driver look up the types that the schema defines. It prepares statements for that, which a PgBouncer without
    /// prepared statements endures only within one transaction; what others left behind is in the way there.
    async fn learn(&mut self, types: &str) -> Result<(), Fault> {
        self.begin("BEGIN; DEALLOCATE ALL").await?;
        let call = Call { sql: types.into(), parameters: Vec::new(), types: Vec::new() };
        // A type that is not there yet is no reason not to connect.
        match self.run(&call, &mut |_: &Row| Ok(())).await {
            Ok(_) => {
                self.command("DEALLOCATE ALL").await?;
                self.commit().await
            }
            Err(fault) if fault.is_closed() => Err(fault),
            Err(_) => self.rollback().await,
        }
    }

    /// Whether it can be used, as far as is known without asking the server.
    pub(crate) fn is_usable(&mut self) -> bool {
        if self.broken || self.client.is_closed() {
            return false;
        }
        // What the server said meanwhile, a farewell for instance, is in the socket.
        let mut context = Context::from_waker(std::task::Waker::noop());
        loop {
            match self.wire.poll_message(&mut context) {
                Poll::Pending => return true,
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(_) => {
                    self.broken = true;
                    return false;
                }
            }
        }
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

    /// What stops the statement that runs.
    pub(crate) fn canceller(&self) -> Canceller {
        Canceller { token: self.client.cancel_token(), tls: self.tls.clone() }
    }

    /// Waits for an answer, moving bytes.
    async fn answer<T>(&mut self, future: impl AsyncFnOnce(&Client) -> Result<T, Fault>) -> Result<T, Fault> {
        self.waiting = true;
        let ahead = std::mem::take(&mut self.ahead);
        let working = drive(&mut self.wire, after(&self.client, ahead, future(&self.client)));
        let answer = match self.patience {
            None => working.await,
            Some(patience) => within(patience, working).await.unwrap_or(Err(Fault::Late)),
        };
        match &answer {
            Err(fault) if fault.is_closed() => self.broken = true,
            // It is on its way still, and nobody waits for it.
            Err(Fault::Late) => return answer,
            Err(Fault::Driver(_)) => self.failed |= self.in_transaction,
            _ => {}
        }
        self.waiting = false;
        answer
    }

    /// Statements without parameters and rows.
    pub(crate) async fn command(&mut self, sql: &str) -> Result<(), Fault> {
        let running = self.observer.statement(sql, String::new);
        self.answer(async |client| Ok(client.batch_execute(sql).await?)).await?;
        running.finish(0);
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
    pub(crate) fn begin_ahead(&mut self) {
        self.in_transaction = true;
        self.failed = false;
        self.send_ahead("BEGIN");
    }

    /// Begins a savepoint with the next statement.
    pub(crate) fn save_ahead(&mut self, savepoint: &str) {
        self.send_ahead(format!("SAVEPOINT {savepoint}"));
    }

    /// Sends a statement with the next one. It belongs to a transaction, and nobody waits for what it answers; where it fails
    /// the next one says so.
    pub(crate) async fn run_ahead(&mut self, call: Call<'_>) -> Result<(), Fault> {
        let sent = self.sent(&call);
        let statement = match self.way(&sent) {
            Way::Prepared(statement) => Some(statement),
            Way::Prepare => self.prepare(&call).await?,
            Way::Whole => None,
        };
        let Some(statement) = statement else {
            return self.run(&call, &mut |_: &Row| Ok(())).await.map(|_| ());
        };
        let running = self.watch(&self.sent(&call));
        let parameters = call.parameters.into_iter().map(Bound::into_owned).collect();
        self.ahead.push(Ahead { what: Before::Statement(statement, parameters), running });
        Ok(())
    }

    /// Sends what waits for the next statement.
    pub(crate) async fn flush(&mut self) -> Result<(), Fault> {
        if self.ahead.is_empty() { Ok(()) } else { self.answer(async |_| Ok(())).await }
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
        self.in_transaction = self.waiting || (committed.is_err() && !self.broken);
        committed
    }

    /// Ends the transaction, undoing what it did.
    pub(crate) async fn rollback(&mut self) -> Result<(), Fault> {
        self.forget_ahead();
        let undone = self.command("ROLLBACK").await;
        self.in_transaction = self.waiting || (undone.is_err() && !self.broken);
        undone
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
        self.command(&format!("ROLLBACK TO {savepoint}; RELEASE {savepoint}")).await?;
        self.failed = false;
        Ok(())
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

    fn way(&mut self, call: &Sent<'_>) -> Way {
        if call.once || self.statements.capacity == 0 || self.unprepared.load(Ordering::Relaxed) {
            return Way::Whole;
        }
        self.statements.find(call).map_or(Way::Prepare, Way::Prepared)
    }

    /// Runs a statement, hands over its rows, and says how many it wrote.
    pub(crate) async fn run(
        &mut self,
        call: &Call<'_>,
        take: &mut (impl FnMut(&Row) -> Result<(), Error> + Send),
    ) -> Result<u64, Fault> {
        let sent = self.sent(call);
        let running = self.watch(&sent);
        let way = self.way(&sent);
        let done = match self.answer(async |client| perform(client, way, &sent, take).await).await {
            Err(fault) if self.must_prepare_again(&sent, &fault) => {
                let way = self.way(&sent);
                self.answer(async |client| perform(client, way, &sent, take).await).await?
            }
            done => done?,
        };
        running.finish(done.affected);
        Ok(self.keep(&sent, done))
    }

    /// Runs statements that do not depend on each other, all of them sent before the first is answered.
    pub(crate) async fn run_all(&mut self, calls: &[Call<'_>]) -> Result<Vec<Vec<Row>>, Fault> {
        let all: Vec<Sent<'_>> = calls.iter().map(|call| self.sent(call)).collect();
        let ways: Vec<(Way, Running)> = all.iter().map(|sent| (self.way(sent), self.watch(sent))).collect();
        let answers = self.answer(async |client| {
            let collecting = all.iter().zip(ways).map(|(sent, (way, running))| async move {
                let mut rows = Vec::new();
                let mut take = |row: &Row| {
                    rows.push(row.clone());
                    Ok(())
                };
                let done = perform(client, way, sent, &mut take).await?;
                running.finish(done.affected);
                Ok::<_, Fault>((done, rows))
            });
            Ok(together(collecting.collect()).await)
        });
        let answers = answers.await?;
        let mut lists = Vec::with_capacity(calls.len());
        for (sent, answer) in all.iter().zip(answers) {
            match answer {
                Ok((done, rows)) => {
                    self.keep(sent, done);
                    lists.push(rows);
                }
                Err(fault) if self.must_prepare_again(sent, &fault) => {
                    let mut rows = Vec::new();
                    let mut take = |row: &Row| {
                        rows.push(row.clone());
                        Ok(())
                    };
                    self.run(sent.call, &mut take).await?;
                    lists.push(rows);
                }
                Err(fault) => {
                    self.broken |= fault.is_closed();
                    self.failed |= self.in_transaction;
                    return Err(fault);
                }
            }
        }
        Ok(lists)
    }

    /// Runs a transaction of statements that are known beforehand, all of them sent before the first is answered. Where
    /// `commit` says so that includes its end; it is undone where one of them fails.
    pub(crate) async fn run_batch(
        &mut self,
        begin: &str,
        members: &[Single<'_>],
        commit: bool,
    ) -> Result<Vec<Given>, Undone> {
        let mut all = Vec::with_capacity(members.len());
        for member in members {
            self.set_comment(member.comment.clone());
            all.push(self.sent(&member.call));
        }
        // What cannot be prepared may need what a statement before it makes: then one must come after the other.
        let ways = self.ways(members, &all).await.map_err(|_| Undone::Again)?;
        let watched: Vec<Running> =
            all.iter().zip(members).map(|(sent, member)| member.span.in_scope(|| self.watch(sent))).collect();
        (self.in_transaction, self.failed) = (true, false);
        let answered = self.answer(async |client| {
            let mut sending: Vec<Pin<Box<dyn Future<Output = Result<Given, Fault>> + Send + '_>>> = Vec::new();
            sending.push(Box::pin(command(client, begin)));
            for ((sent, way), running) in all.iter().zip(ways).zip(watched) {
                sending.push(Box::pin(async move {
                    let given = collect(client, way, sent).await?;
                    running.finish(given.affected);
                    Ok(given)
                }));
            }
            if commit {
                sending.push(Box::pin(command(client, "COMMIT")));
            }
            Ok(InTurn::new(sending).await)
        });
        let answered = answered.await.map_err(|fault| Undone::Failed(None, fault))?;
        // It is sent last of all, and not at all where a statement could not be sent.
        let ended = commit && answered.len() == all.len() + 2;
        match answered.into_iter().collect::<Result<Vec<Given>, _>>() {
            Ok(mut given) => {
                self.in_transaction = !ended;
                given.truncate(all.len() + 1);
                given.remove(0);
                Ok(given)
            }
            Err((at, fault)) => Err(self.undone(&all, at, fault, ended).await),
        }
    }

    /// Undoes a batch whose part at that place failed, its beginning being the first.
    async fn undone(&mut self, all: &[Sent<'_>], at: usize, fault: Fault, ended: bool) -> Undone {
        self.broken |= fault.is_closed();
        if ended {
            // The server was told to keep it, and did not.
            self.in_transaction = false;
        } else if !self.broken {
            // Where this fails the connection is closed, which undoes it as well.
            let _ = self.rollback().await;
        }
        let member = at.checked_sub(1).filter(|at| *at < all.len());
        match member.and_then(|at| all.get(at)) {
            Some(sent) if self.forget_stale(sent, &fault) => Undone::Again,
            _ => Undone::Failed(member, fault),
        }
    }

    /// How each statement of a batch reaches the server. What is not prepared yet is prepared, all of it at once.
    async fn ways(&mut self, members: &[Single<'_>], all: &[Sent<'_>]) -> Result<Vec<Way>, Fault> {
        let mut ways: Vec<Way> = all.iter().map(|sent| self.way(sent)).collect();
        for (way, member) in ways.iter_mut().zip(members) {
            if matches!(way, Way::Prepare) && !member.ahead {
                *way = Way::Whole;
            }
        }
        let mut missing: Vec<&Sent<'_>> = Vec::new();
        for (sent, _) in all.iter().zip(&ways).filter(|(_, way)| matches!(way, Way::Prepare)) {
            if !missing.iter().any(|it| it.is_same(sent)) {
                missing.push(sent);
            }
        }
        if missing.is_empty() {
            return Ok(ways);
        }
        let preparing = self.answer(async |client| {
            let preparing = missing.iter().map(|sent| client.prepare_typed(&sent.sql, &sent.call.types));
            Ok(together(preparing.collect()).await)
        });
        let mut prepared = Vec::with_capacity(missing.len());
        for (sent, statement) in missing.iter().zip(preparing.await?) {
            let statement = statement.map_err(Fault::Driver)?;
            self.statements.insert(sent, statement.clone());
            prepared.push((sent, statement));
        }
        for (sent, way) in all.iter().zip(&mut ways).filter(|(_, way)| matches!(way, Way::Prepare)) {
            if let Some((_, statement)) = prepared.iter().find(|(it, _)| it.is_same(sent)) {
                *way = Way::Prepared(statement.clone());
            }
        }
        Ok(ways)
    }

    /// The columns of a statement, without running it.
    pub(crate) async fn prepare(&mut self, call: &Call<'_>) -> Result<Option<Statement>, Fault> {
        let sent = self.sent(call);
        match self.way(&sent) {
            Way::Whole => Ok(None),
            Way::Prepared(statement) => Ok(Some(statement)),
            Way::Prepare => {
                let preparing = self.answer(async |client| Ok(client.prepare_typed(&sent.sql, &call.types).await?));
                let statement = preparing.await?;
                self.statements.insert(&sent, statement.clone());
                Ok(Some(statement))
            }
        }
    }

    fn keep(&mut self, call: &Sent<'_>, done: Done) -> u64 {
        if let Some(statement) = done.statement {
            self.statements.insert(call, statement);
        }
        done.affected
    }

    /// Whether a statement failed only because of how it was prepared, and can be tried again.
    fn must_prepare_again(&mut self, call: &Sent<'_>, fault: &Fault) -> bool {
        self.forget_stale(call, fault) && !self.in_transaction
    }

    /// Whether a statement failed only because of how it was prepared.
    fn forget_stale(&mut self, call: &Sent<'_>, fault: &Fault) -> bool {
        let stale = match fault.state() {
            // The tables have changed since.
            Some(state) if *state == SqlState::FEATURE_NOT_SUPPORTED => self.statements.knows(call),
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
            self.statements.forget(call);
        }
        stale
    }
}

/// Stops the statement that runs on a connection.
#[derive(Clone)]
pub(crate) struct Canceller {
    token: CancelToken,
    tls: MakeRustlsConnect,
}

impl Canceller {
    pub(crate) async fn cancel(self) {
        // Where the server cannot be told, the connection is closed, which it notices in time.
        let _ = within(RECOVERY, self.token.cancel_query(self.tls)).await;
    }
}

/// The output of a future, which is sent after others. Where one of these fails it is that one's fault.
async fn after<T>(
    client: &Client,
    ahead: Vec<Ahead>,
    future: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    if ahead.is_empty() {
        return future.await;
    }
    let mut before = InTurn::new(ahead.into_iter().map(|it| it.send(client)).collect());
    let mut future = pin!(future);
    let (mut sent, mut output) = (None, None);
    poll_fn(|context| {
        if sent.is_none()
            && let Poll::Ready(it) = Pin::new(&mut before).poll(context)
        {
            sent = Some(it.into_iter().collect::<Result<Vec<()>, _>>().map_err(|(_, fault)| fault));
        }
        if before.cut {
            return match sent.take() {
                Some(Err(fault)) => Poll::Ready(Err(fault)),
                others => {
                    sent = others;
                    Poll::Pending
                }
            };
        }
        if output.is_none()
            && let Poll::Ready(it) = future.as_mut().poll(context)
        {
            output = Some(it);
        }
        match (sent.take(), output.take()) {
            (Some(before), Some(output)) => Poll::Ready(before.and(output)),
            others => {
                (sent, output) = others;
                Poll::Pending
            }
        }
    })
    .await
}

/// Moves bytes until the future is done, or the connection has ended.
async fn drive<T>(wire: &mut Wire, future: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    let mut future = pin!(future);
    let mut end = None;
    poll_fn(move |context| {
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(output);
            }
            // What came before the end has been handed over.
            if let Some(fault) = end.take() {
                return Poll::Ready(Err(fault));
            }
            match wire.poll_message(context) {
                // A notice; there may be more.
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(error))) => end = Some(Fault::Driver(error)),
                Poll::Ready(None) => end = Some(Fault::Closed),
                Poll::Pending => return future.as_mut().poll(context),
            }
        }
    })
    .await
}

async fn perform(
    client: &Client,
    way: Way,
    sent: &Sent<'_>,
    take: &mut (impl FnMut(&Row) -> Result<(), Error> + Send),
) -> Result<Done, Fault> {
    let statement = match way {
        Way::Prepared(statement) => Some(statement),
        Way::Prepare => Some(client.prepare_typed(&sent.sql, &sent.call.types).await?),
        Way::Whole => None,
    };
    let call = sent.call;
    let rows = match &statement {
        Some(statement) => client.query_raw(statement, &call.parameters).await?,
        None => {
            let types = call.types.iter().chain(std::iter::repeat(&SqlType::UNKNOWN)).cloned();
            client.query_typed_raw(&sent.sql, call.parameters.iter().zip(types)).await?
        }
    };
    let mut rows = pin!(rows);
    let mut failed = None;
    while let Some(row) = poll_fn(|context| rows.as_mut().poll_next(context)).await {
        let row = row?;
        // The rest is still read, so that the connection is ready for the next statement.
        if failed.is_none() {
            failed = take(&row).err();
        }
    }
    match failed {
        Some(error) => Err(Fault::Engine(error)),
        None => Ok(Done { affected: rows.rows_affected().unwrap_or(0), statement }),
    }
}

/// A statement without parameters and rows, as a member of a batch.
async fn command(client: &Client, sql: &str) -> Result<Given, Fault> {
    client.batch_execute(sql).await?;
    Ok(Given { rows: Vec::new(), affected: 0, statement: None })
}

/// Runs a statement and keeps its rows.
async fn collect(client: &Client, way: Way, sent: &Sent<'_>) -> Result<Given, Fault> {
    let mut rows = Vec::new();
    let mut take = |row: &Row| {
        rows.push(row.clone());
        Ok(())
    };
    let Done { affected, statement } = perform(client, way, sent, &mut take).await?;
    Ok(Given { rows, affected, statement })
}

/// Futures that send something when they are first polled, one after the other. Where one fails before it waits, what comes
/// after it is not sent: an end of a transaction must not keep what lacks a part. Errors come with their place.
struct InTurn<F: Future> {
    futures: Vec<Pin<Box<F>>>,
    outputs: Vec<Option<F::Output>>,
    begun: bool,
    /// Whether some were not sent.
    cut: bool,
}

impl<F: Future<Output = Result<T, Fault>>, T> InTurn<F> {
    fn new(futures: Vec<F>) -> Self {
        let futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
        InTurn { outputs: futures.iter().map(|_| None).collect(), futures, begun: false, cut: false }
    }
}

impl<F: Future<Output = Result<T, Fault>>, T: Unpin> Future for InTurn<F> {
    type Output = Vec<Result<T, (usize, Fault)>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let InTurn { futures, outputs, begun, cut } = self.get_mut();
        let mut halted = None;
        for (at, (future, output)) in futures.iter_mut().zip(outputs.iter_mut()).enumerate() {
            if output.is_none()
                && let Poll::Ready(it) = future.as_mut().poll(context)
            {
                let failed = it.is_err();
                *output = Some(it);
                if failed && !*begun {
                    halted = Some(at + 1);
                    break;
                }
            }
        }
        if let Some(sent) = halted {
            *cut = true;
            futures.truncate(sent);
            outputs.truncate(sent);
        }
        *begun = true;
        if outputs.iter().any(Option::is_none) {
            return Poll::Pending;
        }
        let outputs = outputs.drain(..).flatten().enumerate();
        Poll::Ready(outputs.map(|(at, output)| output.map_err(|fault| (at, fault))).collect())
    }
}

/// The outputs of futures that are polled together.
async fn together<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    poll_fn(|context| {
        let mut waiting = false;
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(it) => *output = Some(it),
                    Poll::Pending => waiting = true,
                }
            }
        }
        if waiting { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

/// Prepared statements by their text and the types that were given with it. Two generations: when the young one is full it
/// becomes the old one, and what is not used again until the next change is closed.
struct Statements {
    young: HashMap<Box<str>, Kept>,
    old: HashMap<Box<str>, Kept>,
    /// How many are kept; none where none are prepared.
    capacity: usize,
}

struct Kept {
    types: Vec<SqlType>,
    statement: Statement,
}

impl Statements {
    fn new(capacity: usize) -> Self {
        Statements { young: HashMap::new(), old: HashMap::new(), capacity }
    }

    fn find(&mut self, sent: &Sent<'_>) -> Option<Statement> {
        if let Some(kept) = self.young.get(&*sent.sql) {
            return (kept.types == sent.call.types).then(|| kept.statement.clone());
        }
        let (sql, kept) = self.old.remove_entry(&*sent.sql)?;
        let found = (kept.types == sent.call.types).then(|| kept.statement.clone());
        self.put(sql, kept);
        found
    }

    fn knows(&self, sent: &Sent<'_>) -> bool {
        self.young.contains_key(&*sent.sql) || self.old.contains_key(&*sent.sql)
    }

    fn insert(&mut self, sent: &Sent<'_>, statement: Statement) {
        if !self.young.get(&*sent.sql).is_some_and(|kept| kept.types == sent.call.types) {
            let types = sent.call.types.clone();
            self.put((*sent.sql).into(), Kept { types, statement });
        }
    }

    fn put(&mut self, sql: Box<str>, kept: Kept) {
        if self.young.len() >= (self.capacity / 2).max(1) {
            self.old = std::mem::take(&mut self.young);
            if self.capacity == 1 {
                self.old.clear();
            }
        }
        self.young.insert(sql, kept);
    }

    fn forget(&mut self, sent: &Sent<'_>) {
        self.young.remove(&*sent.sql);
        self.old.remove(&*sent.sql);
    }
}
