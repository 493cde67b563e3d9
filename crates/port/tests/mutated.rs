//! Scripts with mistakes: whatever a script has, porting it ends, soon, and without a panic.

#![allow(clippy::unwrap_used)]

use candle_keras_port::port;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Random numbers that are the same in each run: an xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }
}

/// Names and numbers, white space, and other characters one by one.
fn tokens(line: &str) -> Vec<String> {
    let kind = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' => 0,
        c if c.is_whitespace() => 1,
        _ => 2,
    };
    let mut tokens: Vec<String> = Vec::new();
    for c in line.chars() {
        match tokens.last_mut() {
            Some(last) if kind(c) < 2 && last.chars().next().map(kind) == Some(kind(c)) => last.push(c),
            _ => tokens.push(c.to_string()),
        }
    }
    tokens
}

/// Deletes, doubles or swaps lines.
fn change_lines(lines: &mut Vec<String>, random: &mut Random) {
    let (one, other) = (random.below(lines.len()), random.below(lines.len()));
    match random.below(3) {
        0 => drop(lines.remove(one)),
        1 => lines.insert(other, lines[one].clone()),
        _ => lines.swap(one, other),
    }
}

/// Deletes, doubles, swaps or replaces tokens of a line.
fn change_tokens(lines: &mut [String], random: &mut Random) {
    let (at, other) = (random.below(lines.len()), random.below(lines.len()));
    let mut own = tokens(&lines[at]);
    let others = tokens(&lines[other]);
    if own.is_empty() {
        return;
    }
    let (one, two) = (random.below(own.len()), random.below(own.len()));
    match random.below(4) {
        0 => drop(own.remove(one)),
        1 => own.insert(two, own[one].clone()),
        2 => own.swap(one, two),
        _ if others.is_empty() => {}
        _ => own[one] = others[random.below(others.len())].clone(),
    }
    lines[at] = own.concat();
}

#[test]
fn scripts_with_mistakes_are_ported_or_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let scripts: Vec<String> = paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let (mut random, mut ported, start) = (Random(0x9E37_79B9_7F4A_7C15), 0, Instant::now());
    for case in 0..3000 {
        // A slow machine tries fewer of them.
        if start.elapsed() > Duration::from_secs(20) {
            break;
        }
        let mut lines: Vec<String> = scripts[case % scripts.len()].lines().map(str::to_string).collect();
        for _ in 0..=random.below(3) {
            match random.below(3) {
                0 => change_lines(&mut lines, &mut random),
                _ => change_tokens(&mut lines, &mut random),
            }
        }
        let script = lines.join("\n");
        let start = Instant::now();
        let done = std::panic::catch_unwind(|| port(&script, "mutated.py").is_ok());
        let is_ported = done.unwrap_or_else(|_| panic!("case {case} panics:\n{script}"));
        assert!(start.elapsed() < Duration::from_secs(5), "case {case} takes {:?}:\n{script}", start.elapsed());
        ported += usize::from(is_ported);
    }
    // Most of them are still Python.
    assert!(ported > 100, "{ported}");
}
