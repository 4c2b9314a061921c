//! SeaORM, as its documentation has it. What `sea-orm-cli` generates for the tables is below.

use std::hint::black_box;

use ::sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectOptions, ConnectionTrait, Database, DatabaseConnection,
    EntityTrait, LoaderTrait, QueryFilter, QueryOrder, QuerySelect, TransactionTrait,
};

use crate::peer::{NEW_POSTS, Peer, Result, hair_color, title, user_name};

#[allow(unreachable_pub, reason = "as `sea-orm-cli` writes it")]
mod users {
    use ::sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Eq)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub name: String,
        pub hair_color: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(has_many = "super::posts::Entity")]
        Posts,
    }

    impl Related<super::posts::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Posts.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

#[allow(unreachable_pub, reason = "as `sea-orm-cli` writes it")]
mod posts {
    use ::sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Eq)]
    #[sea_orm(table_name = "posts")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub user_id: i32,
        pub title: String,
        pub body: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(has_many = "super::comments::Entity")]
        Comments,
        #[sea_orm(belongs_to = "super::users::Entity", from = "Column::UserId", to = "super::users::Column::Id")]
        Users,
    }

    impl Related<super::comments::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Comments.def()
        }
    }

    impl Related<super::users::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Users.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

#[allow(unreachable_pub, reason = "as `sea-orm-cli` writes it")]
mod comments {
    use ::sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Eq)]
    #[sea_orm(table_name = "comments")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub post_id: i32,
        pub text: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(belongs_to = "super::posts::Entity", from = "Column::PostId", to = "super::posts::Column::Id")]
        Posts,
    }

    impl Related<super::posts::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Posts.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) struct SeaOrm(DatabaseConnection);

impl SeaOrm {
    pub(crate) async fn connect(url: &str) -> Result<Self> {
        let mut options = ConnectOptions::new(url);
        options.max_connections(1).sqlx_logging(false);
        Ok(Self(Database::connect(options).await?))
    }

    async fn tree(&self, users: Vec<users::Model>) -> Result<usize> {
        let posts = users.load_many(posts::Entity, &self.0).await?;
        let lengths: Vec<usize> = posts.iter().map(Vec::len).collect();
        let posts: Vec<posts::Model> = posts.into_iter().flatten().collect();
        let comments = posts.load_many(comments::Entity, &self.0).await?;
        let size = users.len() + posts.len() + comments.iter().map(Vec::len).sum::<usize>();
        let mut posts = posts.into_iter().zip(comments);
        let with_posts = |(user, length)| (user, posts.by_ref().take(length).collect::<Vec<_>>());
        black_box(users.into_iter().zip(lengths).map(with_posts).collect::<Vec<_>>());
        Ok(size)
    }
}

fn new_user(number: usize) -> users::ActiveModel {
    users::ActiveModel { name: Set(user_name(number)), hair_color: Set(Some(hair_color(number))), ..Default::default() }
}

impl Peer for SeaOrm {
    async fn execute(&mut self, sql: &str) -> Result {
        self.0.execute_unprepared(sql).await?;
        Ok(())
    }

    async fn trivial_query(&mut self) -> Result<usize> {
        Ok(black_box(users::Entity::find().all(&self.0).await?).len())
    }

    async fn medium_complex_query(&mut self) -> Result<usize> {
        let users = users::Entity::find().find_also_related(posts::Entity).filter(users::Column::HairColor.eq("black"));
        Ok(black_box(users.all(&self.0).await?).len())
    }

    async fn insert(&mut self, users: usize) -> Result<usize> {
        let insert = users::Entity::insert_many((0..users).map(new_user));
        Ok(usize::try_from(insert.exec_without_returning(&self.0).await?)?)
    }

    async fn loading_associations_sequentially(&mut self) -> Result<usize> {
        let users = users::Entity::find().all(&self.0).await?;
        self.tree(users).await
    }

    async fn find_by_id(&mut self, id: i32) -> Result<usize> {
        Ok(black_box(users::Entity::find_by_id(id).one(&self.0).await?).iter().len())
    }

    async fn filter_page(&mut self) -> Result<usize> {
        let users = users::Entity::find()
            .filter(users::Column::HairColor.eq("black"))
            .filter(users::Column::Name.gte("User 2"))
            .filter(users::Column::Id.lte(9_000))
            .order_by_desc(users::Column::Id)
            .limit(20);
        Ok(black_box(users.all(&self.0).await?).len())
    }

    async fn nested_create(&mut self) -> Result<usize> {
        let transaction = self.0.begin().await?;
        let user = new_user(0).insert(&transaction).await?;
        let post =
            |number| posts::ActiveModel { user_id: Set(user.id), title: Set(title(number)), ..Default::default() };
        posts::Entity::insert_many((0..NEW_POSTS).map(post)).exec_without_returning(&transaction).await?;
        transaction.commit().await?;
        Ok(black_box(user).name.len())
    }

    async fn include_two_levels(&mut self) -> Result<usize> {
        let users = users::Entity::find().order_by_asc(users::Column::Id).limit(10).all(&self.0).await?;
        self.tree(users).await
    }
}
