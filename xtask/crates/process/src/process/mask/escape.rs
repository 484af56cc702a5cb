//! The tokens of the views: what a terminal does not show, `%2F`, `\u0026`. Pure; each function reads one token at the
//! start of its input, and reports when the token may continue after the end.

use console::AnsiCodeIterator;

/// A token that is longer, in bytes, and still undecided is taken literally: a child must not fill the memory.
pub(super) const LONGEST_TOKEN: usize = 64 * 1024;

/// A first guess at the length of a terminal's sequence, in bytes; nearly all are shorter.
const SHORT_SEQUENCE: usize = 64;

/// What the bytes at a stop turn out to be.
pub(super) enum Token {
    /// This many bytes of the input, and what they mean.
    Means(usize, Vec<u8>),
    /// Itself.
    Literal,
    /// More bytes are needed.
    Undecided,
}

/// A control character, or a whole terminal sequence, exactly as [`xtask_core::text::sanitise`] removes it. Line ends are no
/// exception: a wrapped secret is one.
pub(super) fn hidden(rest: &[u8], last: bool) -> Token {
    match rest {
        [b'\t', ..] => Token::Means(1, vec![b' ']),
        [0x1b, ..] | [0xc2, 0x9b, ..] => sequence(rest, last),
        [0xc2, 0x80..=0x9f, ..] => Token::Means(2, Vec::new()),
        [0xc2] => Token::Undecided,
        [0xc2, ..] => Token::Literal,
        _ => Token::Means(1, Vec::new()),
    }
}

/// A terminal sequence. It ends with its line, because lines are sanitised one by one.
fn sequence(rest: &[u8], last: bool) -> Token {
    if let Some(length) = plain_colour(rest) {
        return Token::Means(length, Vec::new());
    }
    let mut room = SHORT_SEQUENCE;
    let (length, whole) = loop {
        let window = &rest[..rest.len().min(room)];
        let line = window.iter().position(|byte| *byte == b'\n').unwrap_or(window.len());
        let length = sequence_in(&window[..line]);
        if length < line || line < window.len() || window.len() == rest.len() || room >= LONGEST_TOKEN {
            break (length, line == rest.len());
        }
        room *= 2;
    };
    let may_continue = |byte: &u8| matches!(byte, b'0'..=b'9' | b';' | b'(' | b')' | b'[' | b'#' | b'?');
    if whole && !last && rest[length..].iter().all(may_continue) {
        return Token::Undecided;
    }
    Token::Means(length, Vec::new())
}

/// The length of a colour in bytes: the one sequence that long outputs are full of.
fn plain_colour(rest: &[u8]) -> Option<usize> {
    let numbers = rest.strip_prefix(b"\x1b[")?;
    let length = numbers.iter().take(12).take_while(|byte| matches!(byte, b'0'..=b'9' | b';')).count();
    let short = numbers[..length].split(|byte| *byte == b';').all(|number| number.len() <= 3);
    (short && numbers.get(length) == Some(&b'm')).then_some(length + 3)
}

/// The length of the sequence at the start of a line in bytes; only the escape character when it begins none.
fn sequence_in(line: &[u8]) -> usize {
    let text = String::from_utf8_lossy(line);
    let escape = if line[0] == 0x1b { 1 } else { 2 };
    let Some((found, true)) = AnsiCodeIterator::new(&text).next() else { return escape };
    if matches!(text, std::borrow::Cow::Borrowed(_)) {
        return found.len().max(escape);
    }
    // Invalid bytes have become characters of another length.
    let mut characters = found.chars().count();
    let mut length = 0;
    for chunk in line.utf8_chunks() {
        for character in chunk.valid().chars() {
            if characters == 0 {
                return length;
            }
            characters -= 1;
            length += character.len_utf8();
        }
        if !chunk.invalid().is_empty() && characters > 0 {
            characters -= 1;
            length += chunk.invalid().len();
        }
    }
    length.max(escape)
}

/// A percent-encoded byte, or one that was encoded again and again: `%2F`, `%252f`; or the `+` of a form.
pub(super) fn percent(rest: &[u8], last: bool) -> Token {
    if rest[0] == b'+' {
        return Token::Means(1, vec![b' ']);
    }
    let mut length = 1;
    while length < LONGEST_TOKEN && rest[length..].starts_with(b"25") {
        length += 2;
    }
    let hex = rest.get(length..length + 2);
    if let Some(code) = hex.and_then(number) {
        return Token::Means(length + 2, byte(code));
    }
    match hex {
        None if !last && rest[length..].iter().all(u8::is_ascii_hexdigit) => Token::Undecided,
        _ if length > 1 => Token::Means(length, vec![b'%']),
        _ => Token::Literal,
    }
}

/// A backslash escape of JSON, Rust or Python after any number of backslashes: JSON within JSON doubles them. Without
/// an escape the backslashes mean nothing.
pub(super) fn backslash(rest: &[u8], last: bool) -> Token {
    let length = rest.iter().take_while(|byte| **byte == b'\\').count();
    let token = match rest.get(length) {
        None => return if last { Token::Means(length, Vec::new()) } else { Token::Undecided },
        Some(b'u' | b'x') => character(&rest[length..]).map(|(code, more)| (code, length + more)),
        Some(b't') => Ok((u32::from(b' '), length + 1)),
        Some(b'0' | b'a' | b'b' | b'f' | b'n' | b'r' | b'v') => Ok((0, length + 1)),
        Some(b'e' | b'E') => Ok((0x1b, length + 1)),
        Some(_) => Err(Broken::Otherwise),
    };
    let token = match token {
        Ok((0x1b, end)) => colour(&rest[end..], last).map(|more| (0, end + more)),
        Ok((high @ 0xd800..0xdc00, end)) => low_half(&rest[end..], high).map(|(code, more)| (code, end + more)),
        other => other,
    };
    match token {
        Ok((code, end)) if rest[length] == b'x' => Token::Means(end, byte(code)),
        Ok((code, end)) => Token::Means(end, meaning(code)),
        Err(Broken::Cut) if !last => Token::Undecided,
        Err(_) => Token::Means(length, Vec::new()),
    }
}

/// Why an escape cannot be read.
enum Broken {
    /// Its input ends within it.
    Cut,
    /// It is not an escape.
    Otherwise,
}

/// The code of `u0026`, `u{26}` or `x26`, and how many bytes it has.
fn character(rest: &[u8]) -> Result<(u32, usize), Broken> {
    let (digits, end) = match rest {
        [b'x', digits @ ..] => (digits.get(..2), 3),
        [b'u', b'{', inside @ ..] => {
            let end = inside.iter().take(7).position(|byte| *byte == b'}');
            (end.map(|end| &inside[..end]), end.map_or(9, |end| end + 3))
        }
        [_, digits @ ..] => (digits.get(..4), 5),
        [] => (None, 1),
    };
    match digits {
        Some(digits) => number(digits).map(|code| (code, end)).ok_or(Broken::Otherwise),
        None if rest.len() < end => Err(Broken::Cut),
        None => Err(Broken::Otherwise),
    }
}

/// The second half of a character beyond the first 65,536, which JSON writes as two escapes.
fn low_half(rest: &[u8], high: u32) -> Result<(u32, usize), Broken> {
    let length = rest.iter().take_while(|byte| **byte == b'\\').count();
    if rest.get(length).is_some_and(|byte| *byte != b'u') {
        return Err(Broken::Otherwise);
    }
    match character(&rest[length..])? {
        (low @ 0xdc00..0xe000, more) => Ok((0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00), length + more)),
        _ => Err(Broken::Otherwise),
    }
}

/// How many bytes of a colour follow an escape character that was itself escaped; 0 when none does.
fn colour(rest: &[u8], last: bool) -> Result<usize, Broken> {
    let length = rest.iter().take_while(|byte| matches!(byte, b'[' | b';' | b'0'..=b'9')).count();
    match rest.get(length) {
        None if !last => Err(Broken::Cut),
        Some(end) if rest[0] == b'[' && end.is_ascii_alphabetic() => Ok(length + 1),
        _ => Ok(0),
    }
}

fn number(hex: &[u8]) -> Option<u32> {
    let digits = str::from_utf8(hex).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}

/// A byte as it is in a view.
fn byte(code: u32) -> Vec<u8> {
    u8::try_from(code).map_or_else(|_| Vec::new(), |byte| if byte < 0x80 { meaning(code) } else { vec![byte] })
}

/// A character as it is in a view.
fn meaning(code: u32) -> Vec<u8> {
    match char::from_u32(code) {
        Some('\t' | '+') => vec![b' '],
        Some(character) if character.is_control() => Vec::new(),
        Some(character) => character.to_string().into_bytes(),
        None => "\u{fffd}".into(),
    }
}
