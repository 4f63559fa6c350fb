//! Points of ed25519 whose multiples soon repeat.
//!
//! The curve has eight of them. With one of them as the key, a signature can be made without any secret, and the same
//! signature fits every text, or one text in a few. The usual check of a signature lets them pass.

/// How long a point is, written down.
pub const POINT_BYTES: usize = 32;

/// The bit of the last byte that tells which of two points with the same height is meant.
const SIGN: u8 = 0x80;

/// The heights of the eight points, lowest byte first: those of 0 and 1, of the four of order eight, of -1; and, as they
/// are read modulo the prime of the field, that prime and the number after it, which stand for 0 and 1 once more.
const HEIGHTS: [[u8; POINT_BYTES]; 7] = [
    [0; POINT_BYTES],
    edged(1, 0, 0),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    edged(0xec, 0xff, 0x7f),
    edged(0xed, 0xff, 0x7f),
    edged(0xee, 0xff, 0x7f),
];

/// Whether these bytes are a way to write down one of the eight, be it the usual one or not.
pub fn is_small(point: &[u8]) -> bool {
    let Ok(mut height) = <[u8; POINT_BYTES]>::try_from(point) else { return false };
    height[POINT_BYTES - 1] &= !SIGN;
    HEIGHTS.contains(&height)
}

/// A number of one repeated byte between two others.
const fn edged(first: u8, between: u8, last: u8) -> [u8; POINT_BYTES] {
    let mut bytes = [between; POINT_BYTES];
    bytes[0] = first;
    bytes[POINT_BYTES - 1] = last;
    bytes
}
