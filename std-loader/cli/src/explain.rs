//! `relocore explain`: why an object does not do on a kernel, for who wrote or runs it.
//!
//! Enters: an object file and one or several kernels' BTF. Leaves: a block of text for each thing
//! that a kernel lacks, said once for all kernels that lack it alike; or JSON lines
//! ([`explain_json`](crate::explain_json)). The words are the library's (`relocore::explain`).

use std::io::{self, Write};
use std::path::PathBuf;

use relocore::btf::Btf;
use relocore::elf::{Object, ProgramRange};
use relocore::explain::{Effect, Finding, FindingText, Input, Report, Style, Which};
use relocore::owned::relocate;
use relocore::plan::Plan;

use crate::input::{self, TargetArgs, TargetBytes};
use crate::style::{DIM, ERROR, GOOD, HEAD, WARN};
use crate::{Failure, explain_json};

/// Arguments of `relocore explain`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The BPF object, as clang wrote it.
    #[arg(value_name = "OBJ")]
    object: PathBuf,
    /// BTF of the kernel: raw, or an ELF file that has it; several times to compare kernels.
    /// Default: the running kernel's.
    #[arg(long, value_name = "FILE")]
    btf: Vec<PathBuf>,
    /// BTF of a module over that of the one --btf.
    #[arg(long, value_name = "FILE")]
    module_btf: Vec<PathBuf>,
    /// Only what this program and the functions that it calls access.
    #[arg(long, value_name = "NAME")]
    program: Option<String>,
    /// Tell of every record, also of those that are as they should be.
    #[arg(long)]
    all: bool,
    /// Print JSON, one object a line: findings, and a summary for each kernel.
    #[arg(long)]
    json: bool,
}

/// What there is to say about one kernel.
#[derive(Debug)]
pub(crate) struct Told {
    /// Where its types are from.
    pub(crate) target: String,
    pub(crate) report: Report,
    /// Records of the object.
    pub(crate) records: usize,
}

/// Runs the subcommand.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    if args.btf.len() > 1 && !args.module_btf.is_empty() {
        return Err(Failure::Input(
            "--module-btf needs a single --btf: which kernel is the module of?".to_owned(),
        ));
    }
    let bytes = input::object(&args.object)?;
    let name = args.object.display();
    let bad =
        |error: relocore::Error| Failure::Input(format!("{name}: {}", input::explain(&error)));
    let object = Object::parse(&bytes).map_err(bad)?;
    let mut programs = vec![ProgramRange::EMPTY; object.programs().map_err(bad)?.count()];
    let mut slots = vec![0; bytes.len() / 24 + 64];
    let plan = Plan::new(object, &mut slots, &mut programs).map_err(bad)?;
    if let Some(program) = &args.program {
        has_program(&plan, program).map_err(|names| {
            Failure::Input(format!("{name} has no program `{program}`: it has {names}"))
        })?;
    }
    let targets: Vec<_> = match args.btf.as_slice() {
        [] => vec![None],
        files => files.iter().cloned().map(Some).collect(),
    };
    let mut told = Vec::new();
    for btf in targets {
        let module_btf = args.module_btf.clone();
        told.push(
            answer(args, &plan, &TargetArgs { btf, module_btf }).map_err(
                |failure| match failure {
                    Reading::Object(error) => bad(error),
                    Reading::Other(failure) => failure,
                },
            )?,
        );
    }
    let mut out = io::BufWriter::new(anstream::stdout().lock());
    if args.json {
        explain_json::print(&mut out, &told)?;
    } else {
        print(&mut out, args, &told)?;
    }
    out.flush()?;
    if told
        .iter()
        .any(|one| one.report.problems().next().is_some())
    {
        return Err(Failure::Object);
    }
    Ok(())
}

/// Names of the programs, if that one is not among them.
fn has_program(plan: &Plan<'_>, wanted: &str) -> Result<(), String> {
    let mut names: Vec<_> = plan
        .object()
        .programs()
        .into_iter()
        .flatten()
        .flatten()
        .map(|program| String::from_utf8_lossy(program.name).into_owned())
        .collect();
    if names.iter().any(|name| name == wanted) {
        return Ok(());
    }
    names.sort();
    names.dedup();
    if names.is_empty() {
        return Err("none".to_owned());
    }
    Err(names.join(", "))
}

enum Reading {
    Object(relocore::Error),
    Other(Failure),
}

impl From<Failure> for Reading {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}

/// What one kernel says.
fn answer(args: &Args, plan: &Plan<'_>, target: &TargetArgs) -> Result<Told, Reading> {
    let mut bytes = target.read()?;
    let (told, unmatched) = answer_with(args, plan, &bytes)?;
    if unmatched == 0 || !target.has_modules() {
        return Ok(told);
    }
    bytes.add_running_modules();
    Ok(answer_with(args, plan, &bytes)?.0)
}

/// The same over these types; and how many of the object's types none of them has.
fn answer_with(
    args: &Args,
    plan: &Plan<'_>,
    target: &TargetBytes,
) -> Result<(Told, usize), Reading> {
    let (mut slots, mut module_slots) = (Vec::new(), Vec::new());
    let vmlinux = input::parse(
        &target.name,
        &target.vmlinux,
        target.pointer_bytes,
        &mut slots,
    )?;
    let mut targets = vec![vmlinux];
    let mut modules = Vec::new();
    module_slots.resize(target.modules.len(), Vec::new());
    for ((name, bytes), slots) in target.modules.iter().zip(&mut module_slots) {
        targets.push(input::parse_module(name, bytes, &vmlinux, slots)?);
        modules.push(name.as_str());
    }
    let targets: &[Btf<'_>] = &targets;
    let relocated = relocate(plan, targets).map_err(Reading::Object)?;
    let report = Report::new(&Input {
        plan,
        targets,
        modules: &modules,
        relocated: &relocated,
        which: if args.all { Which::All } else { Which::Missing },
        program: args.program.as_deref(),
    });
    let told = Told {
        target: target.name.clone(),
        report: report.map_err(Reading::Object)?,
        records: relocated.resolutions.len(),
    };
    Ok((told, relocated.unmatched_roots))
}

/// A finding, and the kernels on which it is the same.
struct Merged<'a> {
    finding: &'a Finding,
    text: String,
    targets: Vec<usize>,
}

/// The same text on several kernels is one.
fn merge(told: &[Told]) -> Vec<Merged<'_>> {
    let mut merged: Vec<Merged<'_>> = Vec::new();
    let mut known = std::collections::HashMap::new();
    for (nth, one) in told.iter().enumerate() {
        for finding in &one.report.findings {
            let text = FindingText::new(finding, Style::PLAIN).to_string();
            match known.get(&text) {
                Some(&at) => {
                    let one: &mut Merged<'_> = &mut merged[at];
                    one.targets.push(nth);
                }
                None => {
                    known.insert(text.clone(), merged.len());
                    let targets = vec![nth];
                    merged.push(Merged {
                        finding,
                        text,
                        targets,
                    });
                }
            }
        }
    }
    // The findings of one kernel are grouped by root already; those of several must be again.
    let mut roots = std::collections::HashMap::new();
    for (nth, one) in merged.iter().enumerate() {
        roots.entry(one.finding.root.as_str()).or_insert(nth);
    }
    merged.sort_by_key(|one| roots.get(one.finding.root.as_str()).copied());
    merged
}

fn print(out: &mut impl Write, args: &Args, told: &[Told]) -> Result<(), Failure> {
    let [error, calm, head, label, end] = [
        ERROR.render().to_string(),
        GOOD.render().to_string(),
        HEAD.render().to_string(),
        DIM.render().to_string(),
        ERROR.render_reset().to_string(),
    ];
    let style = Style {
        error: &error,
        calm: &calm,
        head: &head,
        label: &label,
        end: &end,
    };
    let mut root = None;
    for one in merge(told) {
        if root != Some(&one.finding.root) {
            root = Some(&one.finding.root);
            writeln!(out, "{HEAD}{}{HEAD:#}", one.finding.root)?;
            writeln!(out)?;
        }
        writeln!(out, "{}", FindingText::new(one.finding, style))?;
        if told.len() > 1 {
            let names: Vec<_> = one
                .targets
                .iter()
                .filter_map(|nth| Some(told.get(*nth)?.target.as_str()))
                .collect();
            writeln!(out, "  {DIM}kernels{DIM:#}   {}", names.join(", "))?;
        }
        writeln!(out)?;
        debug_assert!(!one.text.is_empty());
    }
    for one in told {
        summary(out, args, one)?;
    }
    Ok(())
}

/// Findings by what they mean.
fn count(report: &Report, effects: &[Effect]) -> usize {
    let all = report.findings.iter();
    all.filter(|finding| effects.contains(&finding.effect))
        .count()
}

fn summary(out: &mut impl Write, args: &Args, told: &Told) -> Result<(), Failure> {
    let (object, target) = (args.object.display(), &told.target);
    write!(out, "{HEAD}{object}{HEAD:#} on {target}: ")?;
    if told.records == 0 {
        writeln!(out, "no CO-RE records: it is the same for every kernel")?;
        return Ok(());
    }
    let fails = count(&told.report, &[Effect::Fails]);
    let refused = count(&told.report, &[Effect::Refused]);
    let unsure = count(&told.report, &[Effect::Unsure]);
    let guarded = count(&told.report, &[Effect::Guarded]);
    let things = |count: usize| if count == 1 { "thing" } else { "things" };
    match (fails, refused, unsure) {
        (0, 0, 0) => write!(out, "{GOOD}nothing is in the way{GOOD:#}")?,
        (0, 0, _) => write!(
            out,
            "{WARN}{unsure} {} missing, and it can't be told whether they are guarded{WARN:#}",
            things(unsure)
        )?,
        (0, ..) => write!(
            out,
            "{ERROR}the kernel will refuse it{ERROR:#}: {} {} missing and not guarded",
            refused + unsure,
            things(refused + unsure)
        )?,
        _ => write!(
            out,
            "{ERROR}it can't be loaded{ERROR:#}: {} {} in the way",
            fails + refused + unsure,
            things(fails + refused + unsure)
        )?,
    }
    if guarded > 0 {
        write!(out, "; {guarded} missing and guarded")?;
    }
    let s = if told.records == 1 { "" } else { "s" };
    writeln!(out, " ({} record{s})", told.records)?;
    if told.report.left_out > 0 {
        writeln!(out, "{} more records are not told", told.report.left_out)?;
    }
    Ok(())
}
