//! Control flow over instructions written by hand.

mod flow;
mod values;
