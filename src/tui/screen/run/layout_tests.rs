use super::*;

const PANES: [Pane; 5] = [Pane::Step, Pane::Steps, Pane::Output, Pane::Health, Pane::Guards];

fn contents(focus: Pane, has_output: bool, sizes: Sizes, is_zoomed: bool) -> Contents {
    Contents {
        has_output,
        is_output_here: has_output,
        is_halted: has_output,
        health_lines: 9,
        guard_lines: 3,
        watch_rows: if has_output { 2 } else { 0 },
        focus,
        narrow: Narrow { is_output_first: has_output, asks: true, step_lines: 7, output_lines: 30 },
        is_zoomed,
        sizes,
    }
}

#[test]
fn panes_lie_inside_the_screen_and_do_not_overlap() {
    let drawn = |size| Sizes { steps: Some(size), output: Some(size), low: Some(size), guards: Some(size) };
    let all_sizes = [Sizes::default(), drawn(1), drawn(300), drawn(700), drawn(999)];
    for (width, height) in [
        (0, 0),
        (1, 1),
        (40, 10),
        (60, 15),
        (80, 24),
        (99, 60),
        (40, 100),
        (80, 40),
        (100, 28),
        (120, 40),
        (300, 100),
        (500, 15),
    ] {
        for focus in PANES {
            for (has_output, is_zoomed) in [(false, false), (true, false), (false, true), (true, true)] {
                for sizes in all_sizes {
                    let area = Rect::new(0, 0, width, height);
                    let panes = panes(area, contents(focus, has_output, sizes, is_zoomed));
                    let all = [
                        panes.header,
                        panes.banner,
                        panes.steps,
                        panes.step,
                        panes.output,
                        panes.health,
                        panes.guards,
                        panes.summary,
                        panes.watch,
                        panes.status,
                        panes.bar,
                    ];
                    for (index, pane) in all.iter().enumerate() {
                        let place = format!("{width}x{height} {focus:?} {sizes:?} {pane:?}");
                        assert_eq!(pane.intersection(area).area(), pane.area(), "{place}");
                        for other in &all[..index] {
                            assert_eq!(pane.intersection(*other).area(), 0, "{place} {other:?}");
                        }
                    }
                    if is_zoomed && width > 0 && height > 10 {
                        assert_eq!(panes.of(focus), panes.body, "{width}x{height} {focus:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn no_edge_that_is_moved_takes_a_pane_away() {
    for size in [1, 10, 500, 990, 999] {
        let sizes = Sizes { steps: Some(size), output: Some(size), low: Some(size), guards: Some(size) };
        for (width, height) in [(100, 28), (120, 40), (300, 100)] {
            let panes = panes(Rect::new(0, 0, width, height), contents(Pane::Step, true, sizes, false));
            for pane in PANES {
                let place = panes.of(pane);
                assert!(place.width >= 20 && place.height >= 3, "{size} {width}x{height} {pane:?} {place:?}");
            }
        }
    }
}

#[test]
fn where_there_are_rows_enough_no_pane_is_away() {
    for (width, height) in [(40, 40), (59, 50), (80, 45), (40, 100)] {
        for focus in PANES {
            let panes = panes(Rect::new(0, 0, width, height), contents(focus, true, Sizes::default(), false));
            for pane in PANES {
                assert!(panes.of(pane).height >= 3, "{width}x{height} {focus:?} {pane:?} {:?}", panes.of(pane));
            }
            assert!(panes.step.height >= 7, "{width}x{height} {:?}", panes.step);
        }
    }
}

#[test]
fn every_pane_comes_round() {
    for has_output in [false, true] {
        let mut pane = Pane::Step;
        for _ in 0..if has_output { 5 } else { 4 } {
            assert_eq!(pane.next(has_output).previous(has_output), pane);
            pane = pane.next(has_output);
        }
        assert_eq!(pane, Pane::Step);
    }
    // It had the keys when what was printed went, as in a replay that goes back.
    assert_eq!((Pane::Output.previous(false), Pane::Output.next(false)), (Pane::Steps, Pane::Health));
}
