//! Reading what the verifier writes.
//!
//! Enters: its log. Leaves: the last lines that tell something, the places of calls that a loader
//! put there to be refused, and the log with these calls called by what they stand for.
//!
//! Such a call is of a function that does not exist, and its number says why it is there: a
//! relocation found nothing, a function or map is missing. The verifier knows only the number:
//!
//! ```text
//! 123: (85) call unknown#195896080
//! invalid func unknown#195896080
//! ```

/// Lines that are shown of a log: the mistake and the instructions that lead to it.
const LINES: usize = 8;

/// The last lines that tell something. What follows the mistake is statistics.
pub(super) fn excerpt(log: &str) -> Vec<&str> {
    let lines = log.lines().map(str::trim_end);
    let lines: Vec<_> = lines
        .filter(|line| !line.is_empty() && !is_statistics(line))
        .collect();
    lines
        .get(lines.len().saturating_sub(LINES)..)
        .unwrap_or_default()
        .to_vec()
}

fn is_statistics(line: &str) -> bool {
    [
        "processed ",
        "verification time ",
        "stack depth ",
        "insns processed",
    ]
    .iter()
    .any(|start| line.starts_with(start))
}

/// Is its end missing? All kernels end it with statistics.
pub(super) fn is_cut(log: &str) -> bool {
    !log.lines().rev().take(LINES).any(is_statistics)
}

/// Calls of functions that do not exist, in order: the slot, and the number that was called.
pub(super) fn unknown_calls(log: &str) -> impl Iterator<Item = (u32, i32)> {
    log.lines().filter_map(unknown_call)
}

fn unknown_call(line: &str) -> Option<(u32, i32)> {
    let (slot, call) = line.split_once(": (85) call unknown#")?;
    Some((slot.trim().parse().ok()?, number(call)?))
}

/// `invalid func unknown#195896080`: the complaint that follows such a call.
fn complaint(line: &str) -> Option<i32> {
    number(line.trim_start().strip_prefix("invalid func unknown#")?)
}

fn number(text: &str) -> Option<i32> {
    let digits = text.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// The log with every such call, and every complaint about one, in the words that `name` has for
/// its slot and number; what it has none for stays as it is.
///
/// ```text
/// 123: <`task->thread_id` is not in this kernel>
/// the program gets to instruction 123, which can't do its work
/// ```
pub(super) fn rewritten(log: &str, name: impl Fn(u32, i32) -> Option<String>) -> String {
    let mut text = String::with_capacity(log.len());
    let mut last = None;
    for line in log.split_inclusive('\n') {
        let end = if line.ends_with('\n') { "\n" } else { "" };
        if let Some((slot, number)) = unknown_call(line) {
            last = None;
            if let Some(name) = name(slot, number) {
                last = Some((slot, number));
                text += &format!("{slot}: <{name}>{end}");
                continue;
            }
        }
        match (complaint(line), last) {
            (Some(number), Some((slot, called))) if number == called => {
                text += &format!(
                    "the program gets to instruction {slot}, which can't do its work{end}"
                );
            }
            _ => text += line,
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "func#0 @0\n\
        0: R1=ctx() R10=fp0\n\
        ; if (x) @ demo.bpf.c:12\n\
        0: (b7) r0 = 0                        ; R0=0\n\
        \n\
        12: (85) call unknown#195896080\n\
        invalid func unknown#195896080\n\
        processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0\n";

    #[test]
    fn the_telling_lines_are_the_last() {
        let lines = excerpt(LOG);
        assert_eq!(lines.len(), 6);
        assert_eq!(lines.last(), Some(&"invalid func unknown#195896080"));
        let long = "line\n".repeat(100);
        assert_eq!(excerpt(&long).len(), LINES);
        assert!(excerpt("").is_empty());
        assert!(!is_cut(LOG) && is_cut(&long) && is_cut(""));
    }

    #[test]
    fn poisoned_calls_are_found() {
        let found: Vec<_> = unknown_calls(LOG).collect();
        assert_eq!(found, [(12, 195_896_080)]);
        assert_eq!(
            unknown_calls("x: (85) call unknown#1\n5: (85) call unknown#\n").count(),
            0
        );
    }

    #[test]
    fn all_calls_get_their_names_wherever_they_are() {
        let name =
            |slot: u32, number: i32| (number == 195_896_080).then(|| format!("`a->b` at {slot}"));
        let before = "3: (85) call unknown#195896080\n4: (85) call unknown#2002000001\n";
        let filler = "0: (b7) r0 = 0\n".repeat(100_000);
        let log = format!("{before}{filler}{LOG}");
        let text = rewritten(&log, name);
        assert!(text.starts_with("3: <`a->b` at 3>\n4: (85) call unknown#2002000001\n0: "));
        assert!(text.contains(
            "\n12: <`a->b` at 12>\nthe program gets to instruction 12, which can't do its \
             work\nprocessed"
        ));
        assert!(!text.contains("195896080"));
        // A complaint without its call, as where the log's start is lost; no end of line.
        let lost = "invalid func unknown#195896080";
        assert_eq!(rewritten(lost, name), lost);
        assert_eq!(
            rewritten("7: (85) call unknown#195896080", name),
            "7: <`a->b` at 7>"
        );
        assert_eq!(rewritten("", name), "");
    }
}
