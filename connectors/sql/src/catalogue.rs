//! What a database says of itself: tables, views, columns, keys, references, comments. Read by plain SELECTs from its own catalogue; no
//! record of any table is read.

use raccordo_connector_api::Failure;

use crate::database::Database;
use crate::rows::Rows;
use crate::statement::{Dialect, Statement, Table};

/// A table or view.
#[derive(Debug, Clone, Default)]
pub(crate) struct Described {
    /// The schema, where it isn't the connection's own.
    pub(crate) namespace: Option<String>,
    pub(crate) name: String,
    pub(crate) comment: Option<String>,
    pub(crate) columns: Vec<DescribedColumn>,
    /// The primary key and the unique indexes, the primary key first.
    pub(crate) keys: Vec<Vec<String>>,
    pub(crate) references: Vec<Reference>,
    /// The first columns of indexes.
    pub(crate) indexed: Vec<String>,
    /// It has no indexes of its own.
    pub(crate) is_view: bool,
}

/// A column.
#[derive(Debug, Clone)]
pub(crate) struct DescribedColumn {
    pub(crate) name: String,
    /// As the database writes it, in lower case: `character varying`, `int(10) unsigned`.
    pub(crate) kind: String,
    pub(crate) nullable: bool,
    pub(crate) comment: Option<String>,
}

/// A foreign key.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    pub(crate) columns: Vec<String>,
    pub(crate) namespace: Option<String>,
    pub(crate) table: String,
    pub(crate) to: Vec<String>,
}

/// How many bytes a catalogue may have.
const MOST: usize = 64 << 20;

/// Reads the whole catalogue.
///
/// # Errors
/// Those of any statement.
pub(crate) async fn read(database: &Database) -> Result<Vec<Described>, Failure> {
    let texts = texts(database.dialect());
    let mut tables: Vec<Described> = Vec::new();
    let rows = ask(database, texts.columns, 8).await?;
    for row in 0..rows.count() {
        let at = place(&mut tables, text(&rows, row, 0), text(&rows, row, 1).unwrap_or_default());
        let Some(table) = tables.get_mut(at) else { continue };
        table.comment = text(&rows, row, 2);
        table.is_view = text(&rows, row, 7).as_deref() == Some("1");
        table.columns.push(DescribedColumn {
            name: text(&rows, row, 3).unwrap_or_default(),
            kind: text(&rows, row, 4).unwrap_or_default().to_lowercase(),
            nullable: text(&rows, row, 5).as_deref() != Some("0"),
            comment: text(&rows, row, 6),
        });
    }
    keys(&ask(database, texts.keys, 5).await?, &mut tables);
    references(&ask(database, texts.references, 7).await?, &mut tables);
    Ok(tables)
}

async fn ask(database: &Database, text: &str, width: usize) -> Result<Rows, Failure> {
    let statement = Statement { text: text.to_owned(), binds: Vec::new(), width };
    let rows = database.select(&statement, &Table::named("the catalogue"), MOST).await?;
    match rows.bytes() > MOST {
        true => Err(Failure::over_limit(format!("the catalogue has more than {MOST} bytes"))),
        false => Ok(rows),
    }
}

fn text(rows: &Rows, row: usize, column: usize) -> Option<String> {
    rows.datum(row, column).text().map(|text| text.into_owned()).filter(|text| !text.is_empty())
}

/// The index of a row's table, which is added if it wasn't there.
fn place(tables: &mut Vec<Described>, namespace: Option<String>, name: String) -> usize {
    let known = tables.iter().rposition(|table| table.namespace == namespace && table.name == name);
    known.unwrap_or_else(|| {
        tables.push(Described { namespace, name, ..Described::default() });
        tables.len() - 1
    })
}

/// Columns: namespace, table, index, column, whether it is unique (`1`) or primary (`2`).
fn keys(rows: &Rows, tables: &mut [Described]) {
    let mut indexes: Vec<(usize, String, bool, bool, Vec<String>)> = Vec::new();
    for row in 0..rows.count() {
        let (Some(name), Some(index), Some(column)) =
            (text(rows, row, 1), text(rows, row, 2), text(rows, row, 3))
        else {
            continue;
        };
        let namespace = text(rows, row, 0);
        let found = tables.iter().position(|table| table.namespace == namespace && table.name == name);
        let Some(at) = found else { continue };
        let rank = text(rows, row, 4).unwrap_or_default();
        match indexes.last_mut().filter(|last| last.0 == at && last.1 == index) {
            Some(last) => last.4.push(column),
            None => indexes.push((at, index, rank == "2", rank == "1" || rank == "2", vec![column])),
        }
    }
    // The primary key comes first.
    indexes.sort_by_key(|(at, _, primary, _, _)| (*at, !primary));
    for (at, _, _, unique, columns) in indexes {
        let Some(table) = tables.get_mut(at) else { continue };
        table.indexed.extend(columns.first().cloned());
        if unique && !table.keys.contains(&columns) {
            table.keys.push(columns);
        }
    }
}

/// Columns: namespace, table, name of the constraint, column, other namespace, other table, other column.
fn references(rows: &Rows, tables: &mut [Described]) {
    let mut last: Option<(Option<String>, String, String)> = None;
    for row in 0..rows.count() {
        let (Some(name), Some(constraint), Some(column), Some(other)) =
            (text(rows, row, 1), text(rows, row, 2), text(rows, row, 3), text(rows, row, 5))
        else {
            continue;
        };
        let namespace = text(rows, row, 0);
        let found = tables.iter_mut().find(|table| table.namespace == namespace && table.name == name);
        let Some(table) = found else { continue };
        let to = text(rows, row, 6);
        let this = Some((namespace, name, constraint));
        match table.references.last_mut().filter(|_| last == this) {
            Some(reference) => {
                reference.columns.push(column);
                reference.to.extend(to);
            }
            None => table.references.push(Reference {
                columns: vec![column],
                namespace: text(rows, row, 4),
                table: other,
                to: to.into_iter().collect(),
            }),
        }
        last = this;
    }
}

/// The catalogue's SELECTs of one database.
struct Texts {
    /// Namespace, table, its comment, column, type, `0` where it may not be NULL, its comment, `1` for a view; in order.
    columns: &'static str,
    keys: &'static str,
    references: &'static str,
}

fn texts(dialect: Dialect) -> Texts {
    match dialect {
        Dialect::Sqlite => SQLITE,
        Dialect::Postgres => POSTGRES,
        Dialect::MySql => MYSQL,
    }
}

const SQLITE: Texts = Texts {
    columns: r#"SELECT NULL, t.name, NULL, c.name, c.type, CASE WHEN c."notnull" OR c.pk THEN 0 ELSE 1 END, NULL,
          CASE WHEN t.type = 'table' THEN 0 ELSE 1 END
        FROM pragma_table_list t, pragma_table_xinfo(t.name) c
        WHERE t.schema = 'main' AND t.type IN ('table', 'view', 'virtual') AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND c.hidden <> 1
        ORDER BY t.name, c.cid"#,
    keys: r#"SELECT NULL, name, 'primary', column_name, '2' FROM (SELECT t.name, c.name AS column_name, c.pk
          FROM pragma_table_list t, pragma_table_info(t.name) c WHERE t.schema = 'main' AND c.pk > 0 ORDER BY t.name, c.pk)
        UNION ALL SELECT NULL, name, index_name, column_name, is_unique FROM (SELECT t.name, i.name AS index_name, x.name AS column_name,
          CASE WHEN i."unique" AND NOT i.partial THEN '1' ELSE '0' END AS is_unique
          FROM pragma_table_list t, pragma_index_list(t.name) i, pragma_index_info(i.name) x
          WHERE t.schema = 'main' AND x.name IS NOT NULL ORDER BY t.name, i.seq, x.seqno)"#,
    references: r#"SELECT NULL, t.name, f.id, f."from", NULL, f."table", f."to"
        FROM pragma_table_list t, pragma_foreign_key_list(t.name) f WHERE t.schema = 'main' ORDER BY t.name, f.id, f.seq"#,
};

const POSTGRES: Texts = Texts {
    columns: r#"SELECT CASE WHEN n.nspname = current_schema() THEN NULL ELSE n.nspname::text END, c.relname::text,
          obj_description(c.oid, 'pg_class'), a.attname::text,
          CASE WHEN b.typtype = 'e' THEN 'enum' WHEN b.typcategory = 'A' THEN 'array' ELSE format_type(b.oid, NULL) END,
          CASE WHEN a.attnotnull OR t.typnotnull THEN '0' ELSE '1' END, col_description(c.oid, a.attnum),
          CASE WHEN c.relkind IN ('v', 'f') THEN '1' ELSE '0' END
        FROM pg_catalog.pg_class c
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
          JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
          AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_%'
          AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT')
          AND has_column_privilege(c.oid, a.attnum, 'SELECT')
        ORDER BY n.nspname <> current_schema(), n.nspname, c.relname, a.attnum"#,
    keys: r#"SELECT CASE WHEN n.nspname = current_schema() THEN NULL ELSE n.nspname::text END, c.relname::text, i.indexrelid::text, a.attname::text,
          CASE WHEN i.indisprimary THEN '2' WHEN i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL THEN '1' ELSE '0' END
        FROM pg_catalog.pg_index i
          JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
        WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_%' AND k.place <= i.indnkeyatts
        ORDER BY n.nspname, c.relname, i.indexrelid, k.place"#,
    references: r#"SELECT CASE WHEN n.nspname = current_schema() THEN NULL ELSE n.nspname::text END, c.relname::text, f.oid::text, a.attname::text,
          CASE WHEN m.nspname = current_schema() THEN NULL ELSE m.nspname::text END, d.relname::text, b.attname::text
        FROM pg_catalog.pg_constraint f
          JOIN pg_catalog.pg_class c ON c.oid = f.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          JOIN pg_catalog.pg_class d ON d.oid = f.confrelid JOIN pg_catalog.pg_namespace m ON m.oid = d.relnamespace
          CROSS JOIN LATERAL unnest(f.conkey, f.confkey) WITH ORDINALITY AS k(here, there, place)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.here
          JOIN pg_catalog.pg_attribute b ON b.attrelid = d.oid AND b.attnum = k.there
        WHERE f.contype = 'f' AND NOT c.relispartition AND NOT d.relispartition
        ORDER BY n.nspname, c.relname, f.conname, f.oid, k.place"#,
};

const MYSQL: Texts = Texts {
    columns: r#"SELECT NULL, CAST(c.TABLE_NAME AS CHAR), CAST(CASE WHEN t.TABLE_TYPE LIKE '%VIEW%' THEN '' ELSE t.TABLE_COMMENT END AS CHAR),
          CAST(c.COLUMN_NAME AS CHAR), CAST(c.COLUMN_TYPE AS CHAR), CASE WHEN c.IS_NULLABLE = 'NO' THEN '0' ELSE '1' END, CAST(c.COLUMN_COMMENT AS CHAR),
          CASE WHEN t.TABLE_TYPE LIKE '%VIEW%' THEN '1' ELSE '0' END
        FROM information_schema.COLUMNS c JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
        WHERE c.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE NOT IN ('SEQUENCE') ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION"#,
    keys: r#"SELECT NULL, CAST(TABLE_NAME AS CHAR), CAST(INDEX_NAME AS CHAR), CAST(COLUMN_NAME AS CHAR),
          CASE WHEN INDEX_NAME = 'PRIMARY' THEN '2' WHEN NON_UNIQUE = 0 AND SUB_PART IS NULL THEN '1' ELSE '0' END
        FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND COLUMN_NAME IS NOT NULL
        ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX"#,
    references: r#"SELECT NULL, CAST(TABLE_NAME AS CHAR), CAST(CONSTRAINT_NAME AS CHAR), CAST(COLUMN_NAME AS CHAR), NULL,
          CAST(REFERENCED_TABLE_NAME AS CHAR), CAST(REFERENCED_COLUMN_NAME AS CHAR)
        FROM information_schema.KEY_COLUMN_USAGE
        WHERE TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_SCHEMA = DATABASE()
        ORDER BY TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION"#,
};
