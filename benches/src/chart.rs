//! The chart of the figures: bars on a logarithmic scale, as SVG.

use std::fmt::Write as _;

use crate::harness::{Figure, Who};
use crate::peers::figure;
use crate::table::{ROWS, time};

const BAR: f64 = 13.0;
const LEFT: f64 = 225.0;
const WIDTH: f64 = 480.0;
const TOP: f64 = 46.0;
/// Between rows.
const GAP: f64 = 12.0;
/// The scale's ends, as powers of ten of nanoseconds.
const FROM: f64 = 0.0;
const TO: f64 = 9.0;

fn x(ns: f64) -> f64 {
    LEFT + (ns.max(1.0).log10() - FROM) / (TO - FROM) * WIDTH
}

const fn color(who: Who) -> &'static str {
    match who {
        Who::Relocore => "#d9480f",
        Who::Libbpf => "#4c6ef5",
        Who::Aya => "#12b886",
    }
}

/// The least times of all rows.
pub fn svg(figures: &[Figure]) -> String {
    let mut bars = String::new();
    let mut y = TOP;
    for row in &ROWS {
        let there: Vec<_> = Who::ALL
            .iter()
            .filter_map(|&who| figure(figures, row.work, who))
            .collect();
        if there.is_empty() {
            continue;
        }
        let middle = y + BAR * there.len() as f64 / 2.0 + 4.0;
        let _ = writeln!(
            bars,
            r#"<text x="{}" y="{middle}" text-anchor="end">{}</text>"#,
            LEFT - 8.0,
            row.means
        );
        for f in there {
            let end = x(f.min_ns);
            let _ = writeln!(
                bars,
                r#"<rect x="{LEFT}" y="{y}" width="{:.1}" height="{}" fill="{}"/><text x="{:.1}" y="{:.1}" class="n">{}</text>"#,
                end - LEFT,
                BAR - 2.0,
                color(f.who),
                end + 4.0,
                y + BAR - 4.0,
                time(f.min_ns),
            );
            y += BAR;
        }
        y += GAP;
    }
    let mut scale = String::new();
    for (power, name) in [(0, "1 ns"), (3, "1 us"), (6, "1 ms"), (9, "1 s")] {
        let at = x(10f64.powi(power));
        let _ = writeln!(
            scale,
            r##"<line x1="{at:.1}" y1="{}" x2="{at:.1}" y2="{y}" stroke="#8886"/><text x="{at:.1}" y="{}" text-anchor="middle" class="n">{name}</text>"##,
            TOP - 6.0,
            y + 12.0,
        );
    }
    let mut legend = String::new();
    for (nth, who) in Who::ALL.iter().enumerate() {
        let at = LEFT + nth as f64 * 110.0;
        let _ = writeln!(
            legend,
            r#"<rect x="{at}" y="14" width="12" height="12" fill="{}"/><text x="{}" y="24">{}</text>"#,
            color(*who),
            at + 17.0,
            who.name(),
        );
    }
    let (width, height) = (LEFT + WIDTH + 70.0, y + 22.0);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <style>text{{fill:#222}}.n{{font-size:10px;fill:#666}}</style>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{legend}{scale}{bars}</svg>\n"
    )
}
