//! Sizes that terminals come in, and a storm of them.

/// Sizes that nobody plans for, as rows and columns.
pub const ODD: [(u16, u16); 10] =
    [(0, 0), (1, 1), (1, 65_535), (65_535, 1), (300, 500), (301, 501), (15, 60), (14, 60), (15, 59), (2, 200)];

/// So many sizes without a pattern that are the same in every run, below 90 rows and 300 columns.
pub fn storm(count: usize) -> Vec<(u16, u16)> {
    let mut numbers = Numbers(2_026);
    (0..count).map(|_| (numbers.below(90), numbers.below(300))).collect()
}

struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u16) -> u16 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u16::try_from((self.0 >> 33) % u64::from(end)).expect("it lies below a number of this size")
    }
}
