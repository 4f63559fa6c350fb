use super::*;

const PANES: [Pane; 5] = [Pane::Step, Pane::Steps, Pane::Output, Pane::Health, Pane::Guards];

fn contents(focus: Pane, has_output: bool, sizes: Sizes, is_zoomed: bool) -> Contents {
    Contents {
        has_output,
        is_output_here: has_output,
        is_output_empty: false,
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
fn output_that_is_still_to_come_takes_few_rows() {
    for (width, height) in [(120, 40), (200, 60), (80, 45), (80, 24)] {
        let area = Rect::new(0, 0, width, height);
        let here = contents(Pane::Step, true, Sizes::default(), false);
        let empty = panes(area, Contents { is_output_empty: true, ..here });
        let printed = panes(area, here);
        assert!((2..=4).contains(&empty.output.height), "{width}x{height} {:?}", empty.output);
        assert!(printed.output.height > empty.output.height, "{width}x{height} {:?}", printed.output);
        assert!(empty.step.height > printed.step.height, "{width}x{height} {:?}", empty.step);
        // Who drew its edge has it where it was drawn.
        let sizes = Sizes { output: Some(300), ..Sizes::default() };
        let drawn = panes(area, Contents { is_output_empty: true, sizes, ..here });
        assert!(drawn.output.height > 4 || !drawn.is_wide, "{width}x{height} {:?}", drawn.output);
    }
}

#[test]
fn a_board_has_the_rows_that_neither_step_nor_output_needs() {
    let area = Rect::new(0, 0, 120, 40);
    let of = |health_lines, step_lines, is_output_empty| {
        let here = contents(Pane::Step, is_output_empty, Sizes::default(), false);
        let narrow = Narrow { step_lines, ..Narrow::default() };
        panes(area, Contents { health_lines, narrow, is_output_empty, is_halted: false, watch_rows: 0, ..here })
    };
    assert_eq!(of(18, 8, false).health.height, 20, "all of it");
    assert_eq!(of(18, 8, true).health.height, 20, "beside output that is still to come");
    let long = of(60, 8, false);
    assert_eq!(long.step.height, 10, "the step keeps what it has: {long:?}");
    assert_eq!(of(60, 14, false).health.height, 34 - 16, "and comes first");
    assert_eq!(of(60, 60, false).health.height, 34 * 2 / 5, "where neither fits they share");
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
