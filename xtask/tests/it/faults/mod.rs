//! Faults planted on purpose, and the outcome, the verdict and the advice that follow from them.

mod audit;
mod causes;
mod flags;
mod stages;
mod tests;
mod tools;
