//! What proves a verdict: a good signature of its reviewer that covers the line in which it stands. A review alone is a file that
//! anybody can write who can write to the run's folder, in any name.

use crate::cli::along::Along;
use crate::cli::verify::{Judged, Trusted};
use crate::journal::{Signature, Statement};
use crate::review::Review;

/// What is known of whoever gave a verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Whose good signature covers it, by the list of signers.
    pub signed_by: Option<String>,
    /// Whether the same person sat at the run.
    pub is_operator: bool,
}

impl Proof {
    /// Of the verdict of that review that counts, if there is one.
    pub fn of(review: &Review, signatures: &[(Signature, Judged)], along: &Along) -> Option<Self> {
        let (given, ..) = review.verdict()?;
        let covers = |statement: &Statement| {
            let stood = statement.review.as_ref().filter(|stood| stood.lines >= given.seq);
            stood.is_some_and(|stood| review.hash_at(stood.lines) == Some(&stood.head))
        };
        let good = signatures.iter().filter(|(_, judged)| judged.trust == Trusted::Good);
        let proving =
            good.filter(|(signature, _)| signature.read.as_ref().is_ok_and(|(statement, _)| covers(statement)));
        let signed_by = proving.filter_map(|(_, judged)| judged.principals.clone()).next();
        Some(Self { signed_by, is_operator: along.has_sat(&given.by) })
    }

    /// In a few words.
    pub fn told(&self) -> String {
        let proof = match &self.signed_by {
            Some(whose) => format!("signed by {whose}"),
            None => "unproven: no good signature covers it".into(),
        };
        if self.is_operator { format!("{proof}; the reviewer is the operator") } else { proof }
    }
}

/// A review that was signed with the journal must be there as it was; where it is not, the signature is bad.
pub fn with_reviews(judged: Judged, signature: &Signature, reviews: &[Review]) -> Judged {
    let stood = signature.read.as_ref().ok().and_then(|(statement, _)| statement.review.as_ref());
    let Some(stood) = stood.filter(|_| judged.trust != Trusted::Bad) else { return judged };
    if reviews.iter().any(|review| review.hash_at(stood.lines) == Some(&stood.head)) {
        return judged;
    }
    let told = format!("BAD: the review of {} lines that was signed with it is not there as it was", stood.lines);
    Judged { trust: Trusted::Bad, principals: None, upto: 0, whose: None, told }
}
