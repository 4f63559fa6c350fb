use super::*;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn what_is_made_is_private() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("a/b");
    ensure_private_folder(&folder).unwrap();
    replace(&folder.join("file"), b"one").unwrap();
    drop(create_private(&folder.join("new")).unwrap());
    assert_eq!(mode(&place.path().join("a")), 0o700);
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("file")), 0o600);
    assert_eq!(mode(&folder.join("new")), 0o600);
}

#[test]
fn a_replacement_that_fails_leaves_what_was() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("file");
    replace(&path, b"old").unwrap();
    let failed = replace_with(&path, |file| {
        file.write_all(b"half")?;
        Err(ErrorKind::StorageFull.into())
    });
    let said = failed.unwrap_err().to_string();
    assert!(said.contains("file") && said.contains("make room"), "{said}");
    assert_eq!(read(&path).unwrap(), b"old");
    assert_eq!(names(place.path()).unwrap(), ["file"]);
}

#[test]
fn a_new_file_takes_the_place_of_nothing_not_even_of_what_appears_meanwhile() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("file");
    for leftover in ["file.new", ".piton-1-0"] {
        std::fs::write(place.path().join(leftover), "theirs").unwrap();
    }
    let mut names_then = names(place.path()).unwrap();
    let late = create_with(&path, |file| {
        std::fs::write(&path, "theirs")?;
        file.write_all(b"ours")
    });
    assert_eq!(late.unwrap_err().source.kind(), ErrorKind::AlreadyExists);
    assert_eq!(read(&path).unwrap(), b"theirs");
    assert!(create_with(&path, |_| panic!("nothing is written")).is_err());
    std::fs::remove_file(&path).unwrap();
    let full = create_with(&path, |_| Err(ErrorKind::StorageFull.into())).unwrap_err().to_string();
    assert!(full.contains(&path.display().to_string()) && full.contains("make room"), "{full}");
    assert_eq!(names(place.path()).unwrap(), names_then);
    create_with(&path, |file| file.write_all(b"ours")).unwrap();
    assert_eq!((read(&path).unwrap().as_slice(), mode(&path)), (b"ours".as_slice(), 0o600));
    names_then.push("file".into());
    names_then.sort();
    assert_eq!(names(place.path()).unwrap(), names_then);
}

#[test]
fn what_is_read_is_a_plain_file_and_links_to_one_are_followed() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    std::fs::write(at("file"), "text").unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe"), rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
    for (link, to) in [("good", "file"), ("dangling", "nowhere"), ("round", "round"), ("zero", "/dev/zero")] {
        std::os::unix::fs::symlink(to, at(link)).unwrap();
    }
    assert_eq!(read_text_up_to(&at("good"), 4).unwrap(), "text");
    for (name, told) in [
        ("good", "longer than 3 bytes"),
        ("dangling", "leads to nothing"),
        ("round", "round in a circle"),
        ("zero", "not a plain file"),
        ("pipe", "not a plain file"),
        ("none", "check the path"),
    ] {
        let said = read_text_up_to(&at(name), 3).unwrap_err().to_string();
        assert!(said.contains(told) && !said.contains("not followed"), "{name}: {said}");
        assert_eq!(is_there(&at(name)), name != "none", "{name}");
    }
}

#[test]
fn links_pipes_and_shared_folders_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let (target, link) = (place.path().join("target"), place.path().join("link"));
    std::fs::write(&target, "theirs").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    for opened in [open_append(&link), open_read(&link), open_or_create_private(&link)] {
        let said = opened.unwrap_err().to_string();
        assert!(said.contains("link: ") && said.contains("remove it"), "{said}");
    }
    assert_eq!(create_private(&link).unwrap_err().source.kind(), ErrorKind::AlreadyExists);
    assert_eq!(read(&target).unwrap(), b"theirs");

    let shared = place.path().join("shared");
    std::fs::create_dir(&shared).unwrap();
    std::fs::set_permissions(&shared, std::fs::Permissions::from_mode(0o777)).unwrap();
    assert!(require_private_folder(&shared).unwrap_err().to_string().contains("go-w"));
    std::os::unix::fs::symlink(&shared, place.path().join("elsewhere")).unwrap();
    assert!(require_private_folder(&place.path().join("elsewhere")).is_err());
    assert!(open_append(&shared).is_err());
    assert!(ensure_private_folder(&target.join("below")).is_err());
}

#[test]
fn a_path_may_begin_at_home() {
    for (path, home, expected) in [
        ("~/a/b", Some("/home/jo"), "/home/jo/a/b"),
        ("~/a", Some("/home/jo/"), "/home/jo/a"),
        ("~", Some("/home/jo"), "/home/jo/"),
        ("~/a", Some("/"), "/a"),
        ("~/a", None, "~/a"),
        ("~/a", Some("jo"), "~/a"),
        ("~jo/a", Some("/home/jo"), "~jo/a"),
        ("/a/~/b", Some("/home/jo"), "/a/~/b"),
    ] {
        assert_eq!(in_home(path, home), expected, "{path} {home:?}");
    }
}
