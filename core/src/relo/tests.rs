//! Records over BTF built by hand: the worked examples of the design notes, and the rules one by
//! one. Expected values are worked out from the rules, not from this code.

extern crate std;

mod hostile;
mod narrowing;
mod paths;
mod relations;
mod resizing;
mod values;
