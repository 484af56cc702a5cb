//! Tests through the binary: a folder with files, arguments, and what then stands on stdout, on stderr and in the exit
//! code. Everything that runs is the real thing, or a stub program that the test puts in front of `PATH` on purpose.

mod deploying;
mod engine;
mod hook;
mod peers;
mod running;
mod sandbox;

mod audit;
mod config;
mod coverage;
mod deploy;
mod deploy_back;
mod deploy_checked;
mod deploy_eks;
mod deploy_fails;
mod deploy_faults;
mod deploy_guarded;
mod deploy_judged;
mod deploy_killed;
mod deploy_killed_watching;
mod deploy_smoke;
mod docker;
mod faults;
mod faults_flags;
mod faults_tests;
mod foreign;
mod help;
mod images;
mod integration;
mod matrix;
mod new_service;
mod new_service_here;
mod notify;
mod notify_changes;
mod notify_secrets;
mod push;
mod pushed_and_deployed;
mod reports;
mod selection;
mod show;
mod workflow;

mod disks;
mod environment;
mod environment_terminal;
mod git;
mod kill;
mod kill_by_bug;
mod leaks;
mod locks;
mod output;
mod secrets;
mod signals;
mod timeouts;
mod tools;
