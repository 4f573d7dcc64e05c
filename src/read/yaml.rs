//! YAML as values, as far as compose files need it: texts, lists, mappings, anchors and `<<`.

use std::collections::HashMap;
use std::rc::Rc;

use saphyr_parser::{Event, Parser};

/// Values lie at most so deep in each other, what aliases name included: what drops or merges them goes down as far.
const DEEPEST: usize = 32;
/// So many mappings are looked into for one field that is merged.
const MOST_MERGED: usize = 256;

/// A value. What an alias names is shared, not copied, so no text grows here.
#[derive(Debug)]
pub(super) enum Node {
    /// A text, a number, nothing.
    Text(String),
    List(Vec<Rc<Node>>),
    Map(Vec<(Rc<Node>, Rc<Node>)>),
}

impl Node {
    /// The first document of a text; `None` where it does not parse.
    pub fn parse(text: &str) -> Option<Rc<Self>> {
        let mut anchors: HashMap<usize, (Rc<Self>, usize)> = HashMap::new();
        // What is open: its anchor, what it holds, and how deep that is.
        let mut open: Vec<(usize, Vec<Rc<Self>>, usize)> = Vec::new();
        for event in Parser::new_from_str(text) {
            let (node, anchor, depth): (Rc<Self>, usize, usize) = match event.ok()?.0 {
                Event::Scalar(text, _, anchor, _) => {
                    (Self::Text(text.into_owned()).into(), anchor, 0)
                }
                Event::Alias(anchor) => {
                    let (node, depth) = anchors.get(&anchor)?;
                    (Rc::clone(node), 0, *depth)
                }
                Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => {
                    open.push((anchor, Vec::new(), 0));
                    if open.len() > DEEPEST {
                        return None;
                    }
                    continue;
                }
                Event::SequenceEnd => {
                    let (anchor, items, depth) = open.pop()?;
                    (Self::List(items).into(), anchor, depth + 1)
                }
                Event::MappingEnd => {
                    let (anchor, items, depth) = open.pop()?;
                    let pairs = items.chunks_exact(2).filter_map(|pair| match pair {
                        [key, value] => Some((key.clone(), value.clone())),
                        _ => None,
                    });
                    (Self::Map(pairs.collect()).into(), anchor, depth + 1)
                }
                _ => continue,
            };
            if depth > DEEPEST {
                return None;
            }
            if anchor > 0 {
                anchors.insert(anchor, (Rc::clone(&node), depth));
            }
            match open.last_mut() {
                Some((_, items, deepest)) => {
                    items.push(node);
                    *deepest = depth.max(*deepest);
                }
                None => return Some(node),
            }
        }
        None
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list; none where it is none.
    pub fn items(&self) -> &[Rc<Self>] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// The fields of a mapping whose keys are texts.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Self)> {
        let pairs: &[(Rc<Self>, Rc<Self>)] = match self {
            Self::Map(pairs) => pairs,
            _ => &[],
        };
        pairs.iter().filter_map(|(key, value)| Some((key.text()?, value.as_ref())))
    }

    /// A field of a mapping, or of what `<<` merges into it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.merged(key, &mut MOST_MERGED.clone())
    }

    fn merged(&self, key: &str, left: &mut usize) -> Option<&Self> {
        *left = left.checked_sub(1)?;
        let named = |key: &str| self.fields().find(|(name, _)| *name == key).map(|found| found.1);
        named(key).or_else(|| {
            let from = named("<<")?;
            from.merged(key, left)
                .or_else(|| from.items().iter().find_map(|one| one.merged(key, left)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_anchors_and_merges_are_read() {
        let text = "a: &a\n  x: 1\n  l: [p, 'q', {r: s}]\nb:\n  <<: *a\n  y: |\n    two\n    lines\nc: {<<: [*a], x: 3}\nd: *a\n";
        let node = Node::parse(text).unwrap();
        let at = |path: &[&str]| {
            path.iter().try_fold(node.as_ref(), |node, key| node.get(key)).unwrap().text().unwrap()
        };
        assert_eq!(at(&["b", "x"]), "1");
        assert_eq!(at(&["b", "y"]), "two\nlines\n");
        assert_eq!((at(&["c", "x"]), at(&["d", "x"])), ("3", "1"));
        let items = node.get("c").unwrap().get("l").unwrap().items();
        assert_eq!((items[1].text(), items[2].get("r").unwrap().text()), (Some("q"), Some("s")));
        assert_eq!(node.fields().map(|(name, _)| name).collect::<Vec<_>>(), ["a", "b", "c", "d"]);
    }

    /// What is deep, large or no YAML ends at once.
    #[test]
    fn hostile_texts_end() {
        for text in ["[".repeat(100_000), "a: [".repeat(50_000), "- ".repeat(100_000)] {
            assert!(Node::parse(&text).is_none());
        }
        let laughs: String =
            (1..30).map(|n| format!("l{n}: &l{n} [*l{0}, *l{0}, *l{0}]\n", n - 1)).collect();
        assert!(Node::parse(&format!("l0: &l0 x\n{laughs}")).is_some());
        // Each merges the one before it forty times; and a chain so long that to drop it would go down too far.
        let merges: String = (1..13)
            .map(|n| format!("l{n}: &l{n} {{<<: [{}]}}\n", format!("*l{},", n - 1).repeat(40)))
            .collect();
        let node = Node::parse(&format!("l0: &l0 {{a: 1}}\n{merges}")).unwrap();
        let last = node.get("l12").unwrap();
        assert!(last.get("a").is_some() && last.get("b").is_none());
        let chain: String = (1..100_000).map(|n| format!("l{n}: &l{n} [*l{}]\n", n - 1)).collect();
        assert!(Node::parse(&format!("l0: &l0 x\n{chain}")).is_none());
        for text in ["", "a: *b", "a: b: c", "\u{0}", "%", "a: [", "\t- x"] {
            let _ = Node::parse(text);
        }
    }
}
