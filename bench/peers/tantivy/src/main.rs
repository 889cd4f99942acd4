//! tantivy as a peer of cairn: stores raw records with an index over their searchable fields, then finds the newest 50 of given values.
//!   peer_tantivy RECORDS.ndjson ROWS.ndjson PROBES.json FOLDER EVENTS DURABLE_EVENTS
//! The first DURABLE_EVENTS are committed in thousands and timed; the rest follows in large commits. Prints one JSON object.

use serde_json::{json, Map, Value};
use std::fs::File;
use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::time::{Duration, Instant};
use tantivy::collector::TopDocs;
use tantivy::query::TermQuery;
use tantivy::schema::{Field, IndexRecordOption, NumericOptions, Schema, Value as _, FAST, STORED, STRING};
use tantivy::{Index, IndexReader, IndexWriter, Order, Searcher, TantivyDocument, Term};

type Any<T> = Result<T, Box<dyn std::error::Error>>;

const SMALL_COMMIT: usize = 1_000;
const LARGE_COMMIT: usize = 50_000;
const FOUND_MAX: usize = 50;
const WRITER_BYTES: usize = 256 << 20;

/// The keys of LookupEvents and where a row has their values; the resources come last, each as (type, name).
const KEYS: [(&str, usize); 6] =
    [("EventId", 3), ("EventName", 4), ("EventSource", 5), ("Username", 6), ("AccessKeyId", 7), ("ReadOnly", 8)];
const RESOURCES: usize = 9;

fn cpu(clock: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for the answer.
    unsafe { libc::clock_gettime(clock, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

struct Fields {
    schema: Schema,
    time: Field,
    raw: Field,
    keys: Vec<(&'static str, Field)>,
}

impl Fields {
    fn new() -> Fields {
        let mut schema = Schema::builder();
        let time = schema.add_i64_field("time", NumericOptions::from(FAST));
        let raw = schema.add_text_field("raw", STORED);
        let mut keys = Vec::new();
        for name in KEYS.iter().map(|key| key.0).chain(["ResourceType", "ResourceName"]) {
            keys.push((name, schema.add_text_field(name, STRING)));
        }
        Fields { schema: schema.build(), time, raw, keys }
    }

    fn named(&self, name: &str) -> Option<Field> {
        self.keys.iter().find(|key| key.0 == name).map(|key| key.1)
    }
}

/// Account and region stand in the term, so that a lookup reads one posting list.
fn scoped(account: &str, region: &str, value: &str) -> String {
    format!("{account}/{region}/{value}")
}

struct Source {
    records: Lines<BufReader<File>>,
    rows: Lines<BufReader<File>>,
}

impl Source {
    fn open(records: &str, rows: &str) -> Any<Source> {
        let lines = |path| -> Any<_> { Ok(BufReader::with_capacity(1 << 20, File::open(path)?).lines()) };
        Ok(Source { records: lines(records)?, rows: lines(rows)? })
    }

    fn take(&mut self, count: usize, fields: &Fields) -> Any<Vec<TantivyDocument>> {
        let mut documents = Vec::with_capacity(count);
        while documents.len() < count {
            let (Some(record), Some(row)) = (self.records.next(), self.rows.next()) else { break };
            documents.push(document(fields, record?, &serde_json::from_str(&row?)?));
        }
        Ok(documents)
    }
}

fn document(fields: &Fields, record: String, row: &Vec<Value>) -> TantivyDocument {
    let text = |at: usize| row[at].as_str().unwrap_or_default();
    let mut document = TantivyDocument::new();
    document.add_i64(fields.time, row[0].as_i64().unwrap_or_default());
    let mut add = |key: usize, value: &str| {
        if !value.is_empty() {
            document.add_text(fields.keys[key].1, scoped(text(1), text(2), value));
        }
    };
    for (key, (_, at)) in KEYS.iter().enumerate() {
        add(key, text(*at));
    }
    for resource in row[RESOURCES].as_array().into_iter().flatten() {
        add(KEYS.len(), resource[0].as_str().unwrap_or_default());
        add(KEYS.len() + 1, resource[1].as_str().unwrap_or_default());
    }
    document.add_text(fields.raw, record);
    document
}

#[derive(Default)]
struct Spent {
    events: usize,
    wall: Duration,
    preparing: Duration,
}

/// Adds `events` documents in commits of `commit`; the time to prepare documents is kept apart.
fn load(writer: &mut IndexWriter, source: &mut Source, fields: &Fields, events: usize, commit: usize) -> Any<Spent> {
    let mut spent = Spent::default();
    while spent.events < events {
        let begin = cpu(libc::CLOCK_THREAD_CPUTIME_ID);
        let documents = source.take(commit.min(events - spent.events), fields)?;
        spent.preparing += cpu(libc::CLOCK_THREAD_CPUTIME_ID) - begin;
        if documents.is_empty() {
            break;
        }
        spent.events += documents.len();
        let begin = Instant::now();
        for document in documents {
            writer.add_document(document)?;
        }
        writer.commit()?;
        spent.wall += begin.elapsed();
    }
    Ok(spent)
}

fn find(searcher: &Searcher, fields: &Fields, field: Field, scope_and_value: &str) -> Any<usize> {
    let query = TermQuery::new(Term::from_field_text(field, scope_and_value), IndexRecordOption::Basic);
    let found = searcher.search(&query, &TopDocs::with_limit(FOUND_MAX).order_by_fast_field::<i64>("time", Order::Desc))?;
    for (_, address) in &found {
        let document: TantivyDocument = searcher.doc(*address)?;
        let raw = document.get_first(fields.raw).and_then(|value| value.as_str()).ok_or("a document without its record")?;
        std::hint::black_box(raw);
    }
    Ok(found.len())
}

/// Every probe once to warm, then once for its time.
fn look_up(reader: &IndexReader, fields: &Fields, probes: &Map<String, Value>) -> Any<Value> {
    let searcher = reader.searcher();
    let mut lookups = Map::new();
    for (name, values) in probes {
        let field = fields.named(name).ok_or("an unknown key in the probes")?;
        let (mut milliseconds, mut counts) = (Vec::new(), Vec::new());
        for round in 0..2 {
            for probe in values.as_array().into_iter().flatten() {
                let part = |at: usize| probe[at].as_str().unwrap_or_default();
                let term = scoped(part(0), part(1), part(2));
                let begin = Instant::now();
                let count = find(&searcher, fields, field, &term)?;
                if round == 1 {
                    milliseconds.push(begin.elapsed().as_secs_f64() * 1e3);
                    counts.push(count);
                }
            }
        }
        lookups.insert(name.clone(), json!({"ms": milliseconds, "found": counts}));
    }
    Ok(Value::Object(lookups))
}

fn folder_bytes(folder: &Path) -> Any<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        bytes += entry?.metadata()?.len();
    }
    Ok(bytes)
}

fn main() -> Any<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [records, rows, probes, folder, events, durable] = arguments.as_slice() else {
        return Err("usage: peer_tantivy RECORDS ROWS PROBES FOLDER EVENTS DURABLE_EVENTS".into());
    };
    let (events, durable): (usize, usize) = (events.parse()?, durable.parse()?);
    let fields = Fields::new();
    let index = Index::create_in_dir(folder, fields.schema.clone())?;
    let mut source = Source::open(records, rows)?;

    let mut writer: IndexWriter = index.writer_with_num_threads(1, WRITER_BYTES)?;
    let begin = cpu(libc::CLOCK_PROCESS_CPUTIME_ID);
    let timed = load(&mut writer, &mut source, &fields, durable.min(events), SMALL_COMMIT)?;
    writer.wait_merging_threads()?;
    let cpu_seconds = (cpu(libc::CLOCK_PROCESS_CPUTIME_ID) - begin - timed.preparing).as_secs_f64();

    let mut writer: IndexWriter = index.writer_with_num_threads(1, WRITER_BYTES)?;
    load(&mut writer, &mut source, &fields, events.saturating_sub(timed.events), LARGE_COMMIT)?;
    writer.wait_merging_threads()?;

    let reader = index.reader()?;
    let probes: Map<String, Value> = serde_json::from_reader(File::open(probes)?)?;
    let answer = json!({
        "durable_events": timed.events, "seconds": timed.wall.as_secs_f64(), "cpu_seconds": cpu_seconds,
        "rows": reader.searcher().num_docs(), "bytes": folder_bytes(Path::new(folder))?,
        "lookups": look_up(&reader, &fields, &probes)?,
    });
    println!("{answer}");
    Ok(())
}
