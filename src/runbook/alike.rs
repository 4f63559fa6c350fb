//! Words that look alike, and whether two names are one person's: what looks alike, or says the same in another order, is
//! the same.
//!
//! Of names this is a courtesy: it catches who types the own name in another way. Who wants to pass for somebody else types any
//! name. What proves who somebody is is a signature.

use std::collections::BTreeSet;

/// Letters that look like others, or are others in another shape: each group begins with the plain letter.
const ALIKE: [&str; 27] = [
    "aàáâãäåāăąǎªаαᴀᵃⓐ",
    "bвьβʙᵇ",
    "cçćĉċčсϲᴄⅽ",
    "dďđðԁᴅᵈⅾ",
    "eèéêëēĕėęěеёєεᴇᵉℯ",
    "fƒᶠ",
    "gĝğġģɡɢᵍℊг",
    "hĥħһнʜʰℎ",
    "iìíîïĩīĭįıіїιɪⁱⅰℹ",
    "jĵȷјᴊʲ",
    "kķĸкκᴋᵏ",
    "lĺļľŀłӏʟˡⅼℓ",
    "mмᴍᵐⅿ",
    "nñńņňŉŋηпɴⁿ",
    "oòóôõöøōŏőºоοσᴏᵒℴ",
    "pрρᴘᵖ",
    "qԛ",
    "rŕŗřʀʳ",
    "sśŝşšșſѕꜱˢ",
    "tţťŧțтτᴛᵗ",
    "uùúûüũūŭůűųυᴜᵘ",
    "vνᴠᵛⅴѵ",
    "wŵԝωᴡʷ",
    "xхχˣⅹ",
    "yýÿŷуγʏʸ",
    "zźżžᴢᶻ",
    "æǽ",
];

/// Letters that stand for several.
const LONGER: [(char, &str); 9] = [
    ('ﬀ', "ff"),
    ('ﬁ', "fi"),
    ('ﬂ', "fl"),
    ('ﬃ', "ffi"),
    ('ﬄ', "ffl"),
    ('ﬅ', "st"),
    ('ﬆ', "st"),
    ('ß', "ss"),
    ('œ', "oe"),
];

/// Greek capitals of which the small letter looks like another one.
const CAPITALS: [(char, char); 8] =
    [('Η', 'h'), ('Ν', 'n'), ('Υ', 'y'), ('Μ', 'm'), ('Ζ', 'z'), ('Ρ', 'p'), ('Χ', 'x'), ('Β', 'b')];

/// Whether both are names of one person, as far as that can be told from names.
pub fn are_one(one: &str, other: &str) -> bool {
    let (one, other) = (Keys::of(one), Keys::of(other));
    !one.all.is_disjoint(&other.own) || !other.all.is_disjoint(&one.own)
}

/// Whether a word can be taken for one that is there: it holds its letters, or such that look like them, whatever stands
/// between.
pub fn looks_like(word: &str, other: &str) -> bool {
    let letters = |text: &str| -> String {
        let text: String = text.chars().map(wide).map(capital).collect();
        let slender = |c| if matches!(c, '1' | 'l' | '|' | '!') { 'i' } else { c };
        let upright: String = text.to_lowercase().chars().map(slender).collect();
        skeleton(&upright).replace('0', "o")
    };
    letters(word).contains(&letters(other))
}

/// Whether there is nothing in it by which anybody is told apart.
pub fn is_nobody(name: &str) -> bool {
    let bare = without_remarks(name);
    written(bare.split('@').next().unwrap_or_default()).next().is_none()
}

/// Whether letters of several scripts stand in it that look alike.
pub fn is_mixed(name: &str) -> bool {
    let scripts: BTreeSet<_> = name.chars().filter_map(script).collect();
    scripts.len() > 1
}

/// The scripts whose letters look like those of another.
fn script(c: char) -> Option<&'static str> {
    Some(match c {
        'A'..='Z' | 'a'..='z' | '\u{aa}' | '\u{ba}' | '\u{c0}'..='\u{24f}' | '\u{250}'..='\u{2af}' => "Latin",
        '\u{1d00}'..='\u{1dbf}' | '\u{1e00}'..='\u{1eff}' | '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' => {
            "Latin"
        }
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => "Greek",
        '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{2de0}'..='\u{2dff}' | '\u{a640}'..='\u{a69f}' => {
            "Cyrillic"
        }
        '\u{531}'..='\u{58f}' => "Armenian",
        '\u{13a0}'..='\u{13ff}' | '\u{ab70}'..='\u{abbf}' => "Cherokee",
        _ => return None,
    })
}

/// What of a name is compared.
struct Keys {
    /// The name as a whole, and without what tells where that person is known.
    own: BTreeSet<String>,
    /// Those, and every part that may be the person.
    all: BTreeSet<String>,
}

impl Keys {
    fn of(name: &str) -> Self {
        let name: String = name.chars().map(wide).collect();
        let bare = without_remarks(&name);
        let account = bare.split('@').next().unwrap_or_default();
        let person = account.rsplit(['\\', '/']).next().unwrap_or_default();
        let own: BTreeSet<_> = [name.as_str(), &bare, account, person].into_iter().flat_map(written).collect();
        let parts = account.split(['\\', '/']).flat_map(written);
        let all = parts.chain(own.iter().cloned()).collect();
        Self { own, all }
    }
}

/// A name without what stands in brackets.
fn without_remarks(name: &str) -> String {
    let mut depth = 0_u32;
    let mut bare = String::new();
    for c in name.chars() {
        match c {
            '(' | '[' | '<' | '{' => depth += 1,
            ')' | ']' | '>' | '}' => depth = depth.saturating_sub(1),
            c if depth == 0 => bare.push(c),
            _ => {}
        }
    }
    bare
}

/// The ways in which a name may be written that come to the same: its words in any order, whatever stands between them.
fn written(name: &str) -> impl Iterator<Item = String> + use<> {
    let capitals: String = name.chars().map(capital).collect();
    let texts = [name, capitals.as_str()].map(|text| text.to_lowercase());
    let ways = texts.into_iter().flat_map(|text| {
        let words = |is_between: fn(char) -> bool| {
            let mut words: Vec<_> = text.split(is_between).map(skeleton).collect();
            words.sort();
            words.concat()
        };
        [words(|c| c.is_whitespace() || matches!(c, ',' | ';')), words(|c| !c.is_alphanumeric()), skeleton(&text)]
    });
    ways.filter(|way| !way.is_empty()).collect::<Vec<_>>().into_iter()
}

/// Letters and digits only, each as the plainest of those that look like it.
fn skeleton(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars() {
        match LONGER.iter().find(|(one, _)| *one == c) {
            Some((_, several)) => plain.push_str(several),
            None => plain.extend(Some(plainest(c)).filter(|c| c.is_alphanumeric())),
        }
    }
    plain
}

fn plainest(c: char) -> char {
    let group = if c.is_ascii() { None } else { ALIKE.iter().find(|group| group.contains(c)) };
    group.and_then(|group| group.chars().next()).unwrap_or(c)
}

fn capital(c: char) -> char {
    CAPITALS.iter().find(|(greek, _)| *greek == c).map_or(c, |(_, latin)| *latin)
}

/// Letters, digits and signs of full width, of mathematics and in circles as they are otherwise.
fn wide(c: char) -> char {
    let code = u32::from(c);
    let letter = |at: u32, first: char| char::from_u32(u32::from(first) + at).unwrap_or(c);
    match code {
        0xff01..=0xff5e => letter(code - 0xff01, '!'),
        0x3000 => ' ',
        0x24b6..=0x24cf => letter(code - 0x24b6, 'A'),
        0x24d0..=0x24e9 => letter(code - 0x24d0, 'a'),
        0x249c..=0x24b5 => letter(code - 0x249c, 'a'),
        0x1d400..=0x1d6a3 => {
            let at = (code - 0x1d400) % 52;
            if at < 26 { letter(at, 'A') } else { letter(at - 26, 'a') }
        }
        0x1d7ce..=0x1d7ff => letter((code - 0x1d7ce) % 10, '0'),
        _ => c,
    }
}
