//! Reading what the verifier writes.
//!
//! Enters: its log. Leaves: the last lines that tell something, and the places of calls that a
//! loader put there to be refused.

/// Lines that are shown of a log: the mistake and the instructions that lead to it.
const LINES: usize = 8;

/// The last lines that tell something. What follows the mistake is statistics.
pub(super) fn excerpt(log: &str) -> Vec<&str> {
    let is_statistics = |line: &&str| {
        [
            "processed ",
            "verification time ",
            "stack depth ",
            "insns processed",
        ]
        .iter()
        .any(|start| line.starts_with(start))
    };
    let lines = log.lines().map(str::trim_end);
    let lines: Vec<_> = lines
        .filter(|line| !line.is_empty() && !is_statistics(line))
        .collect();
    lines
        .get(lines.len().saturating_sub(LINES)..)
        .unwrap_or_default()
        .to_vec()
}

/// Calls of functions that do not exist, in order: the slot, and the number that was called.
///
/// ```text
/// 123: (85) call unknown#195896080
/// invalid func unknown#195896080
/// ```
pub(super) fn unknown_calls(log: &str) -> impl Iterator<Item = (u32, i32)> {
    log.lines().filter_map(|line| {
        let (slot, call) = line.split_once(": (85) call unknown#")?;
        let number = call.split(|c: char| !c.is_ascii_digit()).next()?;
        Some((slot.trim().parse().ok()?, number.parse().ok()?))
    })
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
}
