//! stub
/// a
#[derive(Debug)] pub struct Object; impl Object { /// x
 pub fn btf_ext() {} /// y
 pub fn endian() {} }
/// a
#[derive(Debug)] pub struct ProgramTable; impl ProgramTable { /// x
 pub fn section() {} }
