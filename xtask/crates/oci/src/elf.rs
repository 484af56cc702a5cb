//! What a program needs from the image that it is in: its loader and its shared libraries.

use crate::error::{Error, Result};
use object::elf::{DT_NEEDED, EM_386, EM_AARCH64, EM_ARM, EM_PPC64, EM_RISCV, EM_S390, EM_X86_64};
use object::elf::{FileHeader32, FileHeader64};
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, FileKind};

/// What a program needs, and the machine it is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The machine, as images name it: `amd64`, `arm64`.
    pub architecture: String,
    /// The loader that the kernel starts instead of it; `None` for a static program.
    pub interpreter: Option<String>,
    /// The names of the shared libraries that the loader looks for.
    pub libraries: Vec<String>,
}

impl Needs {
    /// Whether it needs nothing else to run.
    pub fn is_static(&self) -> bool {
        self.interpreter.is_none() && self.libraries.is_empty()
    }
}

/// Reads the needs of a program.
pub fn needs(program: &[u8]) -> Result<Needs> {
    let found = match FileKind::parse(program) {
        Ok(FileKind::Elf64) => of::<FileHeader64<Endianness>>(program),
        Ok(FileKind::Elf32) => of::<FileHeader32<Endianness>>(program),
        _ => return Err(Error::Program("the program is no ELF file: images hold programs for Linux".to_owned())),
    };
    found.map_err(|error| Error::Program(format!("the program is broken: {error}")))
}

fn of<Elf: FileHeader<Endian = Endianness>>(program: &[u8]) -> object::Result<Needs> {
    let header = Elf::parse(program)?;
    let endian = header.endian()?;
    let mut needs = Needs { architecture: architecture(header.e_machine(endian)), ..Needs::default() };
    for segment in header.program_headers(endian, program)? {
        if let Some(interpreter) = segment.interpreter(endian, program)? {
            needs.interpreter = Some(String::from_utf8_lossy(interpreter).into_owned());
        }
    }
    let sections = header.sections(endian, program)?;
    let dynamic = sections.dynamic_table(endian, program)?;
    for entry in dynamic.iter().filter(|entry| entry.tag == DT_NEEDED) {
        needs.libraries.push(String::from_utf8_lossy(dynamic.string(entry)?).into_owned());
    }
    Ok(needs)
}

fn architecture(machine: object::elf::Machine) -> String {
    let known = [
        (EM_X86_64, "amd64"),
        (EM_AARCH64, "arm64"),
        (EM_ARM, "arm"),
        (EM_386, "386"),
        (EM_PPC64, "ppc64le"),
        (EM_RISCV, "riscv64"),
        (EM_S390, "s390x"),
    ];
    let found = known.iter().find(|(number, _)| *number == machine);
    found.map_or_else(|| format!("machine-{}", machine.0), |(_, name)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_test_is_a_dynamic_program() {
        let own = std::fs::read("/proc/self/exe").expect("a test knows itself");
        let needs = needs(&own).expect("it runs, so it can be read");
        assert!(!needs.is_static(), "{needs:?}");
        assert!(needs.interpreter.as_deref().is_some_and(|loader| loader.contains("ld-")), "{needs:?}");
        assert!(needs.libraries.iter().any(|library| library.starts_with("libc.")), "{needs:?}");
        let wanted = if cfg!(target_arch = "x86_64") { "amd64" } else { "arm64" };
        assert_eq!(needs.architecture, wanted);
    }

    #[test]
    fn what_is_no_program_is_refused() {
        for bytes in [&b""[..], b"#!/bin/sh\n", b"\x7fELF\x02\x01\x01"] {
            needs(bytes).expect_err("it is no program");
        }
        let own = std::fs::read("/proc/self/exe").expect("a test knows itself");
        let error = needs(&own[..1000]).expect_err("its sections are missing").to_string();
        assert!(error.starts_with("the program is broken: "), "{error}");
    }
}
