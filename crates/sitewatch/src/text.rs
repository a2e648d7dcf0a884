//! Texts from the data, fit for a terminal and for a comment: in one line, with no control
//! signs, and no longer than there is room for.

use std::fmt::Write as _;

/// Signs of a text that is quoted in a sentence.
pub(crate) const QUOTED: usize = 40;

/// A text of the data: control signs, and those that change the direction of writing, are
/// shown as escapes; what is longer than `most` signs is cut.
pub(crate) fn shown(text: &str, most: usize) -> String {
    let mut shown = String::new();
    let mut room = most;
    for sign in text.chars() {
        let mut escaped = String::new();
        if is_harmless(sign) {
            escaped.push(sign);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(escaped, "{}", sign.escape_default());
        }
        let length = escaped.chars().count();
        if length > room {
            // The last sign makes room for the mark of the cut.
            if room == 0 {
                shown.pop();
            }
            shown.push('…');
            return shown;
        }
        room -= length;
        shown += &escaped;
    }
    shown
}

/// The end of a path, where it is too long.
pub(crate) fn shown_end(text: &str, most: usize) -> String {
    let whole = shown(text, usize::MAX);
    let surplus = whole.chars().count().saturating_sub(most);
    if surplus == 0 {
        return whole;
    }
    let end = whole.chars().skip(surplus + 1);
    std::iter::once('…').chain(end).collect()
}

/// Lines of no more than `most` signs, as far as words can be broken. Line breaks stay.
pub(crate) fn wrapped(words: &str, most: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in words.lines() {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > most {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line += word;
        }
        lines.push(line);
    }
    lines
}

/// Whether a sign cannot change what else is on the screen.
pub(crate) fn is_harmless(sign: char) -> bool {
    let is_hidden = matches!(
        sign,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    );
    !sign.is_control() && !is_hidden
}

/// Makes columns of these widths fit into `room`: the widest gives way, but none below its
/// least width.
pub(crate) fn fit(widths: &mut [usize], least: &[usize], room: usize) {
    let mut surplus = widths.iter().sum::<usize>().saturating_sub(room);
    while surplus > 0 {
        let able = widths.iter_mut().zip(least);
        let able = able.filter(|(width, least)| **width > **least);
        let Some((widest, _)) = able.max_by_key(|(width, least)| **width - **least) else {
            return;
        };
        *widest -= 1;
        surplus -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_shown_escaped_and_cut() {
        for (text, most, expected) in [
            ("Tasse", 9, "Tasse"),
            ("Tasse", 5, "Tasse"),
            ("Tassen", 5, "Tass…"),
            ("a\u{1b}[31mb\n", 20, "a\\u{1b}[31mb\\n"),
            ("a\u{1b}[31mb", 4, "a…"),
            ("x\u{202e}y", 20, "x\\u{202e}y"),
            ("„ß“", 3, "„ß“"),
            ("", 3, ""),
        ] {
            assert_eq!(shown(text, most), expected, "{text:?}");
        }
    }

    #[test]
    fn the_widest_column_gives_way() {
        let mut widths = [10, 30, 20];
        fit(&mut widths, &[10, 5, 5], 40);
        assert_eq!(widths, [10, 15, 15]);
        fit(&mut widths, &[10, 5, 5], 1);
        assert_eq!(widths, [10, 5, 5], "no less than the least");
    }
}
