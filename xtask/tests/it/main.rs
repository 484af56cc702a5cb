//! Tests through the binary: a folder with files, arguments, and what then stands on stdout, on stderr and in the exit
//! code. Everything that runs is the real thing, or a stub program that the test puts in front of `PATH` on purpose.

mod running;
mod sandbox;

mod audit;
mod config;
mod coverage;
mod faults;
mod faults_flags;
mod faults_tests;
mod foreign;
mod help;
mod integration;
mod selection;
mod show;

mod disks;
mod kill;
mod leaks;
mod locks;
mod secrets;
mod signals;
mod timeouts;
