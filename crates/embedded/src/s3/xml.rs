//! The documents of requests: elements with elements or a text in them.

use xmlparser::{ElementEnd, Token, Tokenizer};

/// How deep elements may lie in each other: no request needs more than five.
const MOST_DEPTH: usize = 16;

/// An element, without its attributes and its name space.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// Reads a document, or says what is wrong with it.
    pub(crate) fn parse(document: &str) -> Result<Self, String> {
        // The document, and around each element those that it lies in.
        let mut open = vec![Self::default()];
        for token in Tokenizer::from(document) {
            let token = token.map_err(|error| format!("is no XML: {error}"))?;
            Self::take(&mut open, token)?;
        }
        match (open.pop(), open.is_empty()) {
            (Some(mut document), true) if document.children.len() == 1 => {
                Ok(document.children.remove(0))
            }
            _ => Err("is not one whole element".to_owned()),
        }
    }

    fn take(open: &mut Vec<Self>, token: Token<'_>) -> Result<(), String> {
        match token {
            Token::ElementStart { local, .. } if open.len() <= MOST_DEPTH => {
                open.push(Self {
                    name: local.as_str().to_owned(),
                    ..Self::default()
                });
            }
            Token::ElementStart { .. } => return Err("is too deep".to_owned()),
            Token::ElementEnd {
                end: ElementEnd::Open,
                ..
            } => {}
            Token::ElementEnd { end, .. } => {
                let element = open.pop().unwrap_or_default();
                if let ElementEnd::Close(_, name) = end
                    && name.as_str() != element.name
                {
                    return Err(format!("ends <{}> with </{name}>", element.name));
                }
                let around = open.last_mut().ok_or("ends what never began")?;
                around.children.push(element);
            }
            Token::Text { text } => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&unescaped(text.as_str())?);
                }
            }
            Token::Cdata { text, .. } => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(text.as_str());
                }
            }
            Token::DtdStart { .. } | Token::EmptyDtd { .. } | Token::EntityDeclaration { .. } => {
                return Err("has a document type".to_owned());
            }
            _ => {}
        }
        Ok(())
    }

    /// The children with a name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// A child's text.
    pub(crate) fn text_of(&self, name: &str) -> Option<&str> {
        let child = self.children.iter().find(|child| child.name == name);
        child.map(|child| child.text.as_str())
    }
}

/// A text without XML's own references; there are no others.
fn unescaped(text: &str) -> Result<String, String> {
    let mut pieces = text.split('&');
    let mut result = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once(';').ok_or("has a loose &")?;
        let number = match name.strip_prefix('#') {
            Some(digits) => match digits.strip_prefix('x') {
                Some(digits) => u32::from_str_radix(digits, 16).ok(),
                None => digits.parse().ok(),
            },
            None => None,
        };
        let character = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => number.and_then(char::from_u32),
        };
        result.push(character.ok_or_else(|| format!("has the unknown &{name};"))?);
        result.push_str(rest);
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_read_with_their_texts() {
        let document = "<?xml version=\"1.0\"?>\n<Delete xmlns=\"http://s3\"><!-- two -->\
            <Object><Key>a &amp; b&#x20;&#163;</Key></Object><Quiet/>\
            <Object><Key><![CDATA[<c>]]></Key></Object></Delete>";
        let root = Element::parse(document).expect("a document");
        assert_eq!(root.name, "Delete");
        let keys: Vec<_> = root
            .all("Object")
            .filter_map(|o| o.text_of("Key"))
            .collect();
        assert_eq!(keys, ["a & b £", "<c>"]);
        assert_eq!(root.text_of("Quiet"), Some(""));
    }

    #[test]
    fn a_broken_document_is_refused() {
        let deep = "<a>".repeat(300_000);
        for document in [
            "",
            "text",
            "<a>",
            "<a><b></a></b>",
            "<a/><b/>",
            "</a>",
            "<a>&nbsp;</a>",
            "<a>&</a>",
            "<a>&#xd800;</a>",
            "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
            deep.as_str(),
        ] {
            let start: String = document.chars().take(30).collect();
            assert!(Element::parse(document).is_err(), "{start}");
        }
    }
}
