//! `sitewatch patterns`: the URL patterns of the `traffic` function, from a file into its
//! table, listed, and tried out. What matches is the function's own code.

mod file;
mod import;
mod list;
mod table;
mod test;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use function::env::{Env, TableName};

use table::Table;

/// The functions' variable that names the table.
const VARIABLE: &str = "PATTERNS_TABLE";
const CALL_TIMEOUT: Duration = Duration::from_secs(20);

/// The names that pages have in the metrics: URL patterns, the first by rank wins.
///
/// A pattern is a regular expression that is looked for anywhere in the path, without the query.
/// `traffic` reads the table again every ten minutes. Region, credentials and endpoint are the
/// AWS SDK's usual configuration.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sitewatch patterns import patterns.csv --table NAME       columns: Id,Regex,Rank
  sitewatch patterns list --table NAME
  sitewatch patterns test /cart/17 --patterns patterns.csv  without AWS")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Write the patterns of a CSV file with the columns Id, Regex and Rank into the table
    ///
    /// All are checked before any is written. Patterns of the table that the file does not name
    /// stay, unless --replace is given.
    Import {
        /// The file
        #[arg(value_name = "FILE.csv")]
        file: PathBuf,
        /// Take the patterns out of the table that the file does not name
        #[arg(long)]
        replace: bool,
        #[command(flatten)]
        table: Name,
    },
    /// Show the table's patterns in the order in which they are looked for
    List {
        #[command(flatten)]
        table: Name,
    },
    /// Tell which pattern a URL or path has, and how long it takes to find out
    Test {
        /// URLs or paths
        #[arg(value_name = "URL", required = true)]
        urls: Vec<String>,
        /// The patterns of this file instead of the table's
        #[arg(long, value_name = "FILE.csv", conflicts_with = "table")]
        patterns: Option<PathBuf>,
        #[command(flatten)]
        table: Name,
        /// How many patterns there may be: the function's MAX_PATTERNS
        #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u8).range(1..=200))]
        max_patterns: u8,
    },
}

/// Which table.
#[derive(Debug, Args)]
struct Name {
    /// The table of patterns [env: PATTERNS_TABLE]
    #[arg(long, value_name = "NAME", value_parser = table_name)]
    table: Option<TableName>,
}

impl Name {
    async fn open(&self) -> anyhow::Result<Table> {
        let of_environment =
            || Env::process().optional(VARIABLE, TableName::EXPECTED, TableName::parse);
        let name = match &self.table {
            Some(name) => Some(name.clone()),
            None => of_environment()?,
        };
        let name = name.context("no table: name it with --table, or set PATTERNS_TABLE")?;
        let config = crate::sdk::config(CALL_TIMEOUT).await?;
        Ok(Table::new(&config, name))
    }
}

fn table_name(name: &str) -> Result<TableName, String> {
    TableName::parse(name).ok_or_else(|| format!("expected {}", TableName::EXPECTED))
}

/// Does what the arguments say.
///
/// # Errors
/// For a file or table that cannot be used, a pattern that cannot, and one that could not be
/// written.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    match &arguments.action {
        Action::Import {
            file,
            replace,
            table,
        } => {
            let patterns = file::read(file)?;
            import::run(patterns, *replace, &table.open().await?).await
        }
        Action::List { table } => list::run(&table.open().await?).await,
        Action::Test {
            urls,
            patterns,
            table,
            max_patterns,
        } => {
            let found = match patterns {
                Some(file) => (file::read(file)?, Vec::new()),
                None => table.open().await?.load().await?,
            };
            test::run(urls, found, usize::from(*max_patterns));
            Ok(())
        }
    }
}
