//! `projector_config.pbtxt`, which tells TensorBoard's projector of the tables in a folder: a block for each, in protobuf's text format.

use serde_json::Value;
use std::ops::Range;
use std::path::Path;

/// The file with a block of a table of vectors and its words: one of the same table and other words is replaced, and all else stays.
///
/// None if it cannot be told where the blocks are.
pub(super) fn with(config: &str, table: &Path, words: &Path) -> Option<String> {
    let quoted = |path: &Path| Value::from(path.file_name().unwrap_or_default().to_string_lossy()).to_string();
    let (table_path, words) = (quoted(table), quoted(words));
    // TensorBoard asks for a table by this name, so each must have another.
    let name = Value::from(table.file_stem().unwrap_or_default().to_string_lossy());
    let block =
        format!("embeddings {{\n  tensor_name: {name}\n  tensor_path: {table_path}\n  metadata_path: {words}\n}}");
    let blocks = blocks(config)?;
    match blocks.iter().find(|block| block.has("tensor_path", &table_path)) {
        Some(old) if old.has("metadata_path", &words) => Some(config.to_string()),
        Some(old) => Some([&config[..old.at.start], &block, &config[old.at.end..]].concat()),
        None => {
            let line_end = if config.is_empty() || config.ends_with('\n') { "" } else { "\n" };
            Some(format!("{config}{line_end}{block}\n"))
        }
    }
}

/// An `embeddings { .. }` and what is in it.
struct Block<'a> {
    at: Range<usize>,
    tokens: Vec<&'a str>,
}

impl Block<'_> {
    fn has(&self, field: &str, value: &str) -> bool {
        self.tokens.windows(3).any(|tokens| tokens == [field, ":", value])
    }
}

/// The blocks on the top level; none if the brackets or the quotes do not match.
fn blocks(config: &str) -> Option<Vec<Block<'_>>> {
    let (mut blocks, mut block, mut depth) = (Vec::new(), None::<Block>, 0usize);
    let mut last = 0..0;
    for at in tokens(config)? {
        let token = &config[at.clone()];
        if depth == 0 && token == "{" && &config[last.clone()] == "embeddings" {
            block = Some(Block { at: last.start..at.end, tokens: Vec::new() });
        }
        match token {
            "{" | "<" => depth += 1,
            "}" | ">" => depth = depth.checked_sub(1)?,
            _ if depth == 1 => block.iter_mut().for_each(|block| block.tokens.push(token)),
            _ => {}
        }
        if depth == 0 {
            blocks.extend(block.take().map(|block| Block { at: block.at.start..at.end, ..block }));
        }
        // A colon may stand before a bracket.
        if token != ":" {
            last = at;
        }
    }
    (depth == 0).then_some(blocks)
}

/// Where the names, the quoted strings and the signs are; none if a string does not end on its line.
fn tokens(config: &str) -> Option<Vec<Range<usize>>> {
    let bytes = config.as_bytes();
    let (mut tokens, mut at) = (Vec::new(), 0);
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        let length = match byte {
            b'#' => rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
            b'"' | b'\'' => quoted(rest)?,
            b'{' | b'}' | b'<' | b'>' | b':' => 1,
            _ if byte.is_ascii_whitespace() => 1,
            _ => rest.iter().position(|byte| b"#\"'{}<>: \t\r\n".contains(byte)).unwrap_or(rest.len()).max(1),
        };
        if byte != b'#' && !byte.is_ascii_whitespace() {
            tokens.push(at..at + length);
        }
        at += length;
    }
    Some(tokens)
}

/// The length of a string with its quotes.
fn quoted(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match *text.get(at)? {
            b'\n' => return None,
            b'\\' => at += 2,
            byte if byte == text[0] => return Some(at + 1),
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(config: &str, table: &str, words: &str) -> Option<String> {
        super::with(config, Path::new(table), Path::new(words))
    }

    fn block(name: &str, words: &str) -> String {
        format!(
            "embeddings {{\n  tensor_name: \"{name}\"\n  tensor_path: \"{name}.tsv\"\n  metadata_path: \"{words}\"\n}}\n"
        )
    }

    #[test]
    fn the_blocks_of_other_tables_stay() {
        let first = with("", "logs/a.tsv", "logs/a_metadata.tsv").unwrap();
        assert_eq!(first, block("a", "a_metadata.tsv"));
        let both = with(&first, "b.tsv", "b_metadata.tsv").unwrap();
        assert_eq!(both, first.clone() + &block("b", "b_metadata.tsv"));
        assert_eq!(with(&both, "a.tsv", "a_metadata.tsv").unwrap(), both);
        assert_eq!(with(&both, "a.tsv", "x.tsv").unwrap(), block("a", "x.tsv") + &block("b", "b_metadata.tsv"));
    }

    #[test]
    fn what_others_wrote_stays() {
        let sprite = "sprite {\n    image_path: \"embeddings { }\" # a \"comment {\n  }";
        let own = "embeddings: { tensor_name: 'x' tensor_path: \"v.tsv\" metadata_path: \"old.tsv\" }";
        let config = format!("model_checkpoint_path: 'a'\nembeddings <\n  {sprite}\n>\n{own}\n# end");
        let replaced = with(&config, "v.tsv", "new.tsv").unwrap();
        assert_eq!(replaced, config.replace(own, block("v", "new.tsv").trim_end()));
        let added = with(&config, "w.tsv", "new.tsv").unwrap();
        assert_eq!(added, format!("{config}\n{}", block("w", "new.tsv")));
        // A block with the words that are to be there keeps its other fields.
        let kept = "embeddings {\n  tensor_path: \"v.tsv\"\n  metadata_path: \"m.tsv\"\n  bookmarks_path: \"b\"\n}";
        assert_eq!(with(kept, "v.tsv", "m.tsv").as_deref(), Some(kept));
    }

    #[test]
    fn what_is_no_config_is_left_alone() {
        for config in ["embeddings {", "}", "embeddings { tensor_path: \"v.tsv }", "a: 'b\n'", "a: \"\\"] {
            assert_eq!(with(config, "v.tsv", "m.tsv"), None, "{config}");
        }
    }
}
