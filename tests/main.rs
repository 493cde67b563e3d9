//! The tests of the whole framework, in one binary so that they link once.
