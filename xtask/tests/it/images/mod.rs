//! `docker`: the images of the services, built with and without an engine, and pushed.

mod contents;
mod docker;
mod programs;
mod push;
