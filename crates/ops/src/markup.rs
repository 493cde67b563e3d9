//! Text in XML, SVG and HTML.

/// A text as the content of an element, or of an attribute in quotes. What XML cannot hold at all, such as most control characters, is shown as a
/// replacement. Python: `html.escape`.
///
/// ```
/// use candle_keras_ops::markup::escaped;
/// assert_eq!(escaped("a < \"b\"\u{7}"), "a &lt; &quot;b&quot;\u{fffd}");
/// ```
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                escaped.push('\u{fffd}')
            }
            letter => escaped.push(letter),
        }
    }
    escaped
}
