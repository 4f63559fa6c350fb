//! The pages in a real browser: nothing is fetched, nothing goes wrong, there is something to see, on paper too, and axe-core
//! finds nothing that would keep anybody from reading them.

use std::path::Path;

use piton::engine::{Event, Mode, Record};
use piton::report::html;

use super::{data, printed, records, report};
use crate::support::chromium::{Chromium, axe};

/// The size of a screen.
const WINDOW: &str = "--window-size=1200,1600";

/// The golden run, as if it had ended as rolled back.
fn rolled_back() -> Vec<Record> {
    let mut records = records("report/live/journal.jsonl");
    for record in &mut records {
        if let Event::RunClosed { outcome, .. } = &mut record.event {
            *outcome = piton::engine::Outcome::RolledBack;
        }
    }
    records
}

fn practised() -> Vec<Record> {
    let records = records("journals/format-1-practice.jsonl");
    assert!(matches!(&records[0].event, Event::RunOpened(opened) if opened.mode == Mode::Practice));
    records
}

/// All pages that there are, by name.
fn pages() -> Vec<(&'static str, String)> {
    let live = String::from_utf8(std::fs::read(data("report/live.html")).unwrap()).unwrap();
    let (practice, back) = (html(&report(&practised())), html(&report(&rolled_back())));
    assert!(practice.contains("PRACTICE") && back.contains("rolled back"));
    let paper = printed(&["show", "vault-ha-upgrade", "--format", "html"]);
    vec![("live", live), ("practice", practice), ("rolled-back", back), ("paper", paper)]
}

/// How much of a picture is another colour than its first dot, of 1,000.
fn drawn(file: &Path) -> usize {
    let picture = std::fs::read(file).expect("the browser has made it");
    assert!(picture.starts_with(b"\x89PNG"), "it is a picture");
    // What is all one colour is next to nothing once it is compressed.
    picture.len() * 1_000 / (1_200 * 1_600)
}

/// How many sheets a PDF has.
fn sheets(file: &Path) -> usize {
    let pdf = std::fs::read(file).expect("the browser has made it");
    assert!(pdf.starts_with(b"%PDF-"), "it is a PDF");
    pdf.windows(11).filter(|window| *window == b"/Type /Page" as &[u8]).count()
        - pdf.windows(12).filter(|window| *window == b"/Type /Pages" as &[u8]).count()
}

/// The page with axe-core in it, which may run there, and writes what it finds into the page instead.
fn with_axe(page: &str, axe: &str) -> String {
    let (before, rest) = page.split_once("<meta http-equiv").expect("the page lets no script run");
    let (_, rest) = rest.split_once('>').expect("a tag ends");
    let run = "axe.run(document).then(found => { const told = found.violations.map(one => one.id + ': ' + one.help + ' ' + \
               one.nodes.slice(0, 3).map(node => node.html).join(' | ')); document.body.textContent = 'looked at ' + \
               found.passes.length + ' rules; found: ' + JSON.stringify(told) + ' end'; })";
    let page = format!("{before}{rest}");
    page.replace("</body>", &format!("<script>{axe}</script><script>{run}</script></body>"))
}

#[test]
fn the_pages_in_a_browser_fetch_nothing_fail_in_nothing_and_are_there_on_screen_and_paper() {
    let (browser, place) = (Chromium::new(), tempfile::tempdir().unwrap());
    let axe = axe();
    for (name, page) in pages() {
        let path = |end: &str| place.path().join(format!("{name}.{end}"));
        let option = |option: &str, end: &str| format!("--{option}={}", path(end).display());
        std::fs::write(path("html"), &page).unwrap();
        let shown = browser.open(&path("html"), &[&option("screenshot", "png"), WINDOW]);
        assert_eq!(shown.console, Vec::<String>::new(), "{name}");
        assert!(drawn(&path("png")) >= 20, "{name}: there is nothing to see ({})", drawn(&path("png")));
        let shown = browser.open(&path("html"), &[&option("print-to-pdf", "pdf"), "--no-pdf-header-footer"]);
        assert_eq!(shown.console, Vec::<String>::new(), "{name}");
        let sheets = sheets(&path("pdf"));
        assert!((2..=28).contains(&sheets), "{name}: {sheets} sheets");
        std::fs::write(path("axe.html"), with_axe(&page, &axe)).unwrap();
        let shown = browser.open(&path("axe.html"), &["--dump-dom"]);
        let (_, found) = shown.printed.split_once("looked at ").expect("axe-core has looked at it");
        assert!(found.contains(" rules; found: [] end"), "{name}: {}", &found[..found.len().min(2_000)]);
    }
    browser.assert_asked_for_nothing();
}

/// The page with a script in it that writes what is wider than its place into the page instead.
fn measured(page: &str) -> String {
    let (before, rest) = page.split_once("<meta http-equiv").expect("the page lets no script run");
    let (_, rest) = rest.split_once('>').expect("a tag ends");
    let run = "const room = document.documentElement.clientWidth; const cut = [...document.querySelectorAll('body *')].filter(one => \
               one.getClientRects().length && (one.getBoundingClientRect().right > room + 1 || one.scrollWidth > one.clientWidth + 1) \
               && getComputedStyle(one).clipPath === 'none' && getComputedStyle(one).display !== 'inline' && !one.closest('svg') \
               && ![...document.querySelectorAll('thead')].some(head => head.contains(one) && getComputedStyle(head).clipPath !== 'none')); \
               const told = cut.map(one => one.outerHTML.slice(0, 200)); \
               document.body.textContent = 'room ' + room + '; cut: ' + JSON.stringify(told.slice(0, 5)) + ' end';";
    format!("{before}{rest}").replace("</body>", &format!("<script>{run}</script></body>"))
}

#[test]
fn on_a_narrow_screen_nothing_is_cut_off() {
    let (browser, place) = (Chromium::new(), tempfile::tempdir().unwrap());
    for (name, page) in pages() {
        let file = place.path().join(format!("{name}.html"));
        std::fs::write(&file, measured(&page)).unwrap();
        let shown = browser.open(&file, &["--dump-dom", "--window-size=420,900"]);
        let (_, found) = shown.printed.split_once("room ").expect("it was measured");
        assert!(found.contains("cut: [] end"), "{name}: {}", &found[..found.len().min(1_500)]);
    }
    // As it was: tables that are wider than the screen and roll sideways.
    let (_, page) = pages().remove(0);
    std::fs::write(place.path().join("old.html"), measured(&page.replace("max-width: 46rem", "max-width: 1rem")))
        .unwrap();
    let shown = browser.open(&place.path().join("old.html"), &["--dump-dom", "--window-size=420,900"]);
    assert!(!shown.printed.contains("cut: [] end"), "a page that is cut off is noticed");
}

#[test]
fn a_page_that_fetches_or_fails_or_hides_something_is_noticed() {
    let (browser, place) = (Chromium::new(), tempfile::tempdir().unwrap());
    let live = String::from_utf8(std::fs::read(data("report/live.html")).unwrap()).unwrap();
    let path = place.path().join("page.html");
    let png = format!("--screenshot={}", place.path().join("page.png").display());
    // Its own rule keeps it from fetching, which the console tells.
    let image = "<img src=\"http://example.invalid/x.png\"></body>";
    std::fs::write(&path, live.replace("</body>", image)).unwrap();
    let shown = browser.open(&path, &[&png, WINDOW]);
    assert!(shown.console.iter().any(|line| line.contains("Content Security Policy")), "{:?}", shown.console);
    browser.assert_asked_for_nothing();
    std::fs::write(&path, with_axe(&live.replace("</body>", image), &axe())).unwrap();
    let shown = browser.open(&path, &["--dump-dom"]);
    assert!(shown.printed.contains("image-alt"), "axe-core sees an image without words");
    assert!(std::panic::catch_unwind(|| browser.assert_asked_for_nothing()).is_err(), "and it was asked for");
    std::fs::write(&path, "<!DOCTYPE html><html lang=\"en\"><body></body></html>").unwrap();
    browser.open(&path, &[&png, WINDOW]);
    assert!(drawn(&place.path().join("page.png")) < 20);
}
