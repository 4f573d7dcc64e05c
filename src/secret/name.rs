//! Names of devices, as people and systems give them: `Anna's iPhone`, `LAPTOP-AB12CD34`, `客厅 📱`.
//!
//! A name is shown by how much it can hold. Words of the lists below hold next to nothing. Any other word is one of
//! thousands: three may stand there, and a passphrase has four. Digits and codes are few and short, a token's are
//! many. Of a name that holds more, the words of devices are shown and a mask in the place of all else.

use super::address::is_word;
use super::words::{CLIENTS, MACHINES, Pattern, SYSTEMS, Words};

static DEVICES: Words = Words::new(&[
    SYSTEMS,
    MACHINES,
    CLIENTS,
    "\
    acer asus box browser chrome chromium computer dell desktop display edge echo firefox galaxy gateway \
    handy homepod honor host hp huawei imac jetson kindle laptop lenovo macbook mini mobile moto \
    motorola móvil nas nest nokia notebook oneplus openclaw opera oppo ordenador ordinateur pc \
    phone pi pixel qnap raspberrypi rechner redmi safari samsung server sony srv surface synology \
    tablet telefon telefone teléfono thinkpad tv téléphone ubuntu vivo vmi vps win workstation \
    xiaomi xperia zenbook",
]);
/// Words that only join or follow the others of a name: beside a device's word they add nothing that could be a secret.
static JOINING: Words = Words::new(&["\
    a air am an and at auf aus bei book da das de dem den der des di die du e el en for from für i il im \
    in la le les lite lo ma max mein meine mi mia mio mon my na neben no note o of on para plus pro \
    tab the ultra und von watch y zu"]);
/// Words for where a device stands and how old it is: beside a device's word they hold half as much as others.
static HOUSE: Words = Words::new(&["\
    alt alte alter altes arbeit attic basement bath bedroom big bureau büro casa cellar chambre \
    cocina cuisine desk downstairs dormitorio familie family flur garage garden garten hall haus \
    home house keller kids kitchen küche lab living livingroom maison neu neue neuer neues new \
    nuevo office oficina old room sala salon schlafzimmer school small studio upstairs viejo vieux \
    wohnzimmer work"]);
/// The lines of models whose members are told by four digits: `Precision 5570`.
static LINES: Words = Words::new(&["\
    elitedesk inspiron latitude optiplex poweredge precision prodesk proliant thinkstation vostro"]);
/// What the name of a host ends with.
static ENDINGS: Words = Words::new(&["\
    arpa at ch com de dev es eu fr home internal io it lan local localdomain me net nl org pl uk"]);
/// Words that say that a secret follows.
static ANNOUNCES: Words =
    Words::new(&["code key kennwort pass passcode password passwort pin puk pw pwd secret token"]);

/// What stands between the words of a piece.
const MARKS: [char; 9] = ['-', '.', '_', ':', '\'', '’', '/', ',', '@'];
/// What stands around a piece.
const AROUND: [char; 8] = ['(', ')', '[', ']', ',', '#', '"', '+'];

/// A number in a name: `15`, `2019`, `9000`, `S24`, `8a`, `G991B`, `I9300`.
static MODEL: Pattern = Pattern::new(
    "[0-9]{1,3}|(?:19|20)[0-9]{2}|[1-9][0-9]00|[A-Za-z]{0,3}[0-9]{1,3}[A-Za-z]{0,2}|[A-Z]{1,3}[0-9]{4}[A-Z]?",
);
/// What Windows calls a machine that nobody named, in capitals: eleven of them are 57 bits, and no token.
static WINDOWS: Pattern = Pattern::new(
    r"(?:(?:DESKTOP|LAPTOP)-[0-9A-Z]{7,10}|WIN-[0-9A-Z]{5,11})(?:\.(?:local|lan|home))?",
);
/// The codes of models that phones, watches and boards call themselves by: OPPO, realme, OnePlus; Motorola; Xiaomi, with
/// the year and the month; Apple; Intel; Raspberry Pi. What a maker begins or ends them with no other code does.
static CODES: Pattern = Pattern::new(concat!(
    r"(?:CPH|RMX)[0-9]{4}|(?:AC|BE|DN|EB|GM|HD|IN|IV|KB|LE|NE)[12][0-9]{3}|XT[0-9]{4}(?:-[0-9]{1,2})?|",
    r"M(?:18|19|20|21)(?:0[1-9]|1[0-2])[A-Z][0-9]{1,2}[A-Z]{1,2}|2[1-6](?:0[1-9]|1[0-2])[0-9A-Z]{3,5}[CEGHILNRY]|",
    r"(?:AppleTV|AudioAccessory|RealityDevice|Watch)[0-9]{1,2},[0-9]{1,2}|",
    r"NUC[0-9]{1,2}(?:i[3579])?[A-Z]{2,4}(?:i[3579])?|RPi[0-9][AB]?(?:-[0-9]{1,2}GB)?",
));
/// What hosters call a machine that nobody named; and an IPv4 address.
static HOSTED: Pattern = Pattern::new(concat!(
    r"ip(?:-[0-9]{1,3}){4}(?:\.[a-z]{2}(?:-[a-z]{4,9}){1,2}-[0-9])?(?:\.(?:ec2|compute)\.internal)?|",
    r"instance-[0-9]{8}-[0-9]{4,6}|[a-z]{5,8}-s-[0-9]{1,2}vcpu-[0-9]{1,3}gb(?:-[a-z]{3,5})?-[a-z]{3}[0-9](?:-[0-9]{2})?|",
    r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}",
));

/// A name as it may be shown. `None`: nothing of it.
pub(super) fn shown(text: &str) -> Option<String> {
    if HOSTED.fits(text) || holds_little(text) { Some(text.to_owned()) } else { devices_of(text) }
}

/// What the parts of a name come to.
#[derive(Default)]
struct Count {
    /// Words of devices.
    known: usize,
    /// Words of a house.
    house: usize,
    /// Other words.
    words: usize,
    /// What all words hold, in halves of a free one.
    halves: usize,
    joining: usize,
    numbers: usize,
    digits: usize,
    /// Numbers with letters.
    mixed: usize,
    /// One of them begins with a small letter.
    is_odd: bool,
}

fn holds_little(text: &str) -> bool {
    let is_host = is_host(text);
    let is_apart = |piece: &&str| ["-", "–", "—", "&", "|", "·", "/"].contains(piece);
    let pieces: Vec<&str> = text.split([' ', '\u{a0}']).filter(|piece| !is_apart(piece)).collect();
    if let [first, _] = pieces.as_slice()
        && first.eq_ignore_ascii_case("bearer")
    {
        return false;
    }
    let (pictures, pieces): (Vec<&str>, Vec<&str>) =
        pieces.into_iter().partition(|piece| is_picture(piece));
    let pieces = pieces.into_iter().map(|piece| piece.trim_matches(AROUND));
    let pieces: Vec<&str> = pieces.collect();
    let before = std::iter::once("").chain(pieces.iter().copied());
    let is_member = |piece: &str, before: &str| {
        LINES.has(&before.to_lowercase())
            && piece.len() == 4
            && piece.bytes().all(|byte| byte.is_ascii_digit())
    };
    let pieces = before.zip(&pieces).filter(|(before, piece)| !is_member(piece, before));
    let pieces: Vec<&str> = pieces.map(|(_, piece)| *piece).collect();
    let is_mark = |c: char| MARKS.contains(&c) && (c != '@' || is_host);
    let mut words = pieces.iter().flat_map(|piece| piece.split(is_mark));
    let announces = words.any(|word| ANNOUNCES.has(&word.to_lowercase()));
    let is_given = |piece: &&str| is_windows(piece) || !announces && CODES.fits(piece);
    let (given, pieces): (Vec<&str>, Vec<&str>) = pieces.into_iter().partition(is_given);
    let parts: Vec<&str> =
        pieces.iter().flat_map(|piece| piece.split(is_mark)).flat_map(words_in).collect();
    let is_device = is_host || !given.is_empty() || parts.iter().any(|part| is_device(part));
    let announces = announces || parts.iter().any(|part| ANNOUNCES.has(&part.to_lowercase()));
    let mut count = Count { known: given.len(), ..Count::default() };
    let fits = parts.iter().all(|part| count.takes(part, is_device, is_host));
    let Count { known, house, words, halves, joining, numbers, digits, mixed, is_odd } = count;
    let is_number = known + house + words == 0 && digits <= 2;
    fits && (is_number || known + house + words > 0)
        && given.len() <= 1
        && pictures.len() <= 4
        && known <= 8
        && words <= 4
        && halves <= 6
        && joining <= 4
        && numbers <= 4
        && digits <= if announces { 2 } else { 9 }
        && (known > 0 || !is_odd)
        && mixed <= 1 + usize::from(known > 0)
}

impl Count {
    /// Counts a part; whether it may stand in a name.
    fn takes(&mut self, part: &str, is_device: bool, is_host: bool) -> bool {
        let plain = part.to_lowercase();
        let (word, number, _) = numbered(part);
        let is_house = is_device && HOUSE.has(word.to_lowercase().as_str());
        let joins = is_device && JOINING.has(&plain) || is_host && ENDINGS.has(&plain);
        match number {
            _ if self::is_device(part) => self.known += 1,
            0 if joins => self.joining += 1,
            0..=2 if is_house && part.len() == word.len() + number => {
                self.house += 1;
                self.halves += 1;
            }
            0 if is_word(part) => {
                self.words += 1;
                self.halves += if part.len() > 2 { 2 } else { 1 };
            }
            1.. if MODEL.fits(part) => {
                self.numbers += 1;
                self.mixed += usize::from(part.len() > number);
                self.is_odd |= part.starts_with(|c: char| c.is_ascii_lowercase());
            }
            _ => return false,
        }
        self.digits += number;
        true
    }
}

/// Of a name that holds too much, the words of devices.
fn devices_of(text: &str) -> Option<String> {
    let is_mark = |c: char| c == ' ' || MARKS.contains(&c) || AROUND.contains(&c);
    let mut out = String::new();
    // What follows what is masked.
    let mut gap = None;
    let mut known = 0;
    for token in text.split_inclusive(is_mark) {
        let word = token.trim_end_matches(is_mark);
        if is_device(word) {
            known += 1;
            out.push_str(gap.take().unwrap_or_default());
            out.push_str(token);
        } else if word.is_empty() && gap.is_none() {
            out.push_str(token);
        } else {
            if gap.is_none() {
                out.push_str("****");
            }
            gap = token.get(word.len()..);
        }
    }
    (1..=8).contains(&known).then_some(out)
}

/// Whether this is the name of a host, or an address for mail there: it ends as those do.
fn is_host(text: &str) -> bool {
    let ending = text.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
    !text.contains(' ')
        && text.matches('@').count() <= 1
        && ending.is_some_and(|ending| ENDINGS.has(&ending))
}

/// Whether Windows made it up. It draws from letters and digits: digits alone are a PIN.
fn is_windows(piece: &str) -> bool {
    let drawn = piece.split(['-', '.']).nth(1).unwrap_or_default();
    WINDOWS.fits(piece) && drawn.contains(|c: char| c.is_ascii_alphabetic())
}

/// Whether this is made of pictures alone: 🇩🇪, 👨‍👩‍👧‍👦.
fn is_picture(piece: &str) -> bool {
    let is_picture = |c: char| !c.is_ascii() && !c.is_alphanumeric() && !c.is_control();
    (1..=12).contains(&piece.chars().count()) && piece.chars().all(is_picture)
}

/// `AnnasMacBook2023` in its words, where one of them is a device's; any other part whole.
fn words_in(part: &str) -> Vec<&str> {
    let begins = |two: &[u8]| match two {
        [a, b] => {
            b.is_ascii_uppercase() && !a.is_ascii_uppercase()
                || b.is_ascii_digit() && a.is_ascii_alphabetic()
        }
        _ => false,
    };
    let mut words = Vec::new();
    let mut rest = part;
    while let Some(at) = rest.as_bytes().windows(2).position(begins) {
        let Some((word, more)) = rest.split_at_checked(at + 1) else { break };
        words.push(word);
        rest = more;
    }
    words.push(rest);
    let joins = |word: &str| JOINING.has(&word.to_lowercase());
    let is_number = |word: &str| word.bytes().all(|b| b.is_ascii_digit());
    let stands = |(word, before): (&&str, &&str)| match is_number(word) {
        // `hunter2` is no device and its number.
        true => is_device(before) || joins(before),
        false => word.len() > 2 || joins(word),
    };
    let is_compound = !is_device(part)
        && words.iter().zip([""].iter().chain(&words)).all(stands)
        && words.iter().any(|word| word.len() > 2 && is_device(word));
    if is_compound { words } else { vec![part] }
}

/// A part in its word, how many digits follow it, and what follows those: `raspberrypi4b`.
fn numbered(part: &str) -> (&str, usize, &str) {
    let at = part.find(|c: char| c.is_ascii_digit()).unwrap_or(part.len());
    let (word, rest) = part.split_at_checked(at).unwrap_or((part, ""));
    let tail = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = part.bytes().filter(u8::is_ascii_digit).count();
    (word, number, tail)
}

/// Whether this is a word for a device, a system or a program, perhaps with a short number: `iPhone16`, `raspberrypi4b`,
/// `アンナのiPhone`.
fn is_device(part: &str) -> bool {
    let (word, number, tail) = numbered(part);
    // Hosters number their machines.
    let most = if ["srv", "vps"].contains(&word) { 7 } else { 4 };
    let plain = word.to_lowercase();
    let latin = plain.trim_matches(|c: char| !c.is_ascii());
    let is_short =
        number <= most && tail.len() <= 1 && tail.bytes().all(|b| b.is_ascii_alphabetic());
    DEVICES.has(&part.to_lowercase())
        || is_short
            && (DEVICES.has(&plain) || latin.len() > 3 && is_word(word) && DEVICES.has(latin))
}

#[cfg(test)]
#[path = "name_tests.rs"]
mod tests;
