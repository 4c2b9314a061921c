//! What the generator emits for two models and an enum, written by hand: everything with logic is `rt::…`.
#![allow(non_upper_case_globals, missing_docs, unreachable_pub, dead_code)]
use lenslet_core::generated as rt;
pub use rt::{Inherit, count, increment, sql, ttl};

#[derive(Clone, Debug)]
pub struct Client<E> {
    engine: E,
}
impl<E: rt::Execute> Client<E> {
    pub fn from_engine(engine: E) -> Self {
        Client { engine }
    }
    pub fn user(&self) -> rt::Table<'_, E, User> {
        rt::Table::new(&self.engine)
    }
    pub fn post(&self) -> rt::Table<'_, E, Post> {
        rt::Table::new(&self.engine)
    }
    pub fn batch<B: rt::Operations>(&self, operations: B) -> rt::Batch<'_, E, B> {
        rt::Batch::new(&self.engine, operations)
    }
    pub fn transaction(&self) -> rt::Transaction<'_, Self, E> {
        rt::Transaction::new(&self.engine, Self::from_engine)
    }
    pub fn query_raw<T: rt::FromRow>(&self, sql: rt::Sql) -> rt::RawOperation<'_, E, rt::Rows<T>> {
        rt::query_raw(&self.engine, sql)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Member,
    Admin,
}
impl rt::Enumeration for Role {
    const VARIANTS: &'static [(Self, &'static str)] = &[(Role::Member, "MEMBER"), (Role::Admin, "ADMIN")];
}
impl rt::Scalar for Role {
    fn into_value(self) -> rt::Value {
        rt::Value::Enum(rt::Enumeration::name(self).into())
    }
    fn read<C: rt::Cursor>(cursor: &mut C) -> Result<Self, rt::Error> {
        rt::read_variant(cursor)
    }
}

/// A person who writes.
#[derive(Clone, Debug, PartialEq)]
pub struct User<L = ()> {
    pub id: i32,
    pub email: String,
    pub name: Option<String>,
    pub role: Role,
    loaded: L,
}
impl<L> User<L> {
    pub fn posts<P, I>(&self) -> &[Post<P>]
    where
        L: rt::Get<user::Posts<P>, I>,
    {
        self.loaded.get().rows()
    }
}
impl rt::Model for User {
    const MODEL: rt::ModelId = rt::ModelId::new(0, "User");
    const COLUMNS: &'static [rt::FieldId] =
        &[user::id.field(), user::email.field(), user::name.field(), user::role.field()];
    type Row<L> = User<L>;
    fn read<L: rt::Relations, C: rt::Cursor>(cursor: &mut C) -> Result<User<L>, rt::Error> {
        use rt::Scalar as S;
        Ok(User {
            id: S::read(cursor)?,
            email: S::read(cursor)?,
            name: S::read(cursor)?,
            role: S::read(cursor)?,
            loaded: L::read(cursor)?,
        })
    }
}
pub mod user {
    use super::{Post, Role, User, post, rt};
    pub const id: rt::Column<User, i32, rt::Unique> = rt::Column::new(0, "id");
    pub const email: rt::Column<User, String, rt::Unique> = rt::Column::new(1, "email");
    pub const name: rt::Column<User, Option<String>> = rt::Column::new(2, "name");
    pub const role: rt::Column<User, Role> = rt::Column::new(3, "role");
    pub const posts: rt::Related<PostsField> = rt::Related::new();
    pub enum PostsField {}
    impl rt::Relation for PostsField {
        const FIELD: rt::FieldId = rt::FieldId::new(4, "posts");
        type From = User;
        type To = Post;
        type Arity = rt::Many;
        type Opposite = post::AuthorField;
    }
    pub type Posts<L = ()> = rt::Loaded<PostsField, L>;
    #[derive(Clone, Debug)]
    pub struct New {
        pub email: String,
    }
    impl New {
        pub fn set<C, T, U>(self, column: rt::Column<User, T, U>, value: impl rt::Given<T>) -> rt::Data<User, C> {
            rt::IntoData::into_data(self).set(column, value)
        }
        pub fn with<C, R: rt::Relation<From = User>>(self, through: rt::Through<R>) -> rt::Data<User, C> {
            rt::IntoData::into_data(self).with(through)
        }
    }
    impl<C> rt::IntoData<User, C> for New {
        fn into_data(self) -> rt::Data<User, C> {
            rt::Data::empty().set(email, self.email)
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Post<L = ()> {
    pub id: i32,
    pub title: String,
    pub views: i32,
    pub author_id: i32,
    loaded: L,
}
impl<L> Post<L> {
    pub fn author<P, I>(&self) -> &User<P>
    where
        L: rt::Get<post::Author<P>, I>,
    {
        self.loaded.get().rows()
    }
}
impl rt::Model for Post {
    const MODEL: rt::ModelId = rt::ModelId::new(1, "Post");
    const COLUMNS: &'static [rt::FieldId] =
        &[post::id.field(), post::title.field(), post::views.field(), post::author_id.field()];
    type Row<L> = Post<L>;
    fn read<L: rt::Relations, C: rt::Cursor>(cursor: &mut C) -> Result<Post<L>, rt::Error> {
        use rt::Scalar as S;
        Ok(Post {
            id: S::read(cursor)?,
            title: S::read(cursor)?,
            views: S::read(cursor)?,
            author_id: S::read(cursor)?,
            loaded: L::read(cursor)?,
        })
    }
}
pub mod post {
    use super::{Post, User, rt, user};
    pub const id: rt::Column<Post, i32, rt::Unique> = rt::Column::new(0, "id");
    pub const title: rt::Column<Post, String> = rt::Column::new(1, "title");
    pub const views: rt::Column<Post, i32> = rt::Column::new(2, "views");
    pub const author_id: rt::Column<Post, i32> = rt::Column::new(3, "authorId");
    pub const author: rt::Related<AuthorField> = rt::Related::new();
    pub const title_author_id: rt::Compound<Post, (String, i32), 2> =
        rt::Compound::new("title_authorId", [title.field(), author_id.field()]);
    pub enum AuthorField {}
    impl rt::Relation for AuthorField {
        const FIELD: rt::FieldId = rt::FieldId::new(4, "author");
        type From = Post;
        type To = User;
        type Arity = rt::One;
        type Opposite = user::PostsField;
    }
    pub type Author<L = ()> = rt::Loaded<AuthorField, L>;
    #[derive(Clone, Debug)]
    pub struct New<AuthorId = i32> {
        pub title: String,
        pub author_id: AuthorId,
    }
    impl<A> New<A> {
        pub fn set<C, T, U>(self, column: rt::Column<Post, T, U>, value: impl rt::Given<T>) -> rt::Data<Post, C>
        where
            Self: rt::IntoData<Post, C>,
        {
            rt::IntoData::into_data(self).set(column, value)
        }
        pub fn with<C, R: rt::Relation<From = Post>>(self, through: rt::Through<R>) -> rt::Data<Post, C>
        where
            Self: rt::IntoData<Post, C>,
        {
            rt::IntoData::into_data(self).with(through)
        }
    }
    impl<C, A: rt::ForeignKey<AuthorField, i32, C>> rt::IntoData<Post, C> for New<A> {
        fn into_data(self) -> rt::Data<Post, C> {
            rt::Data::empty().set(title, self.title).key(author_id, self.author_id)
        }
    }
}
