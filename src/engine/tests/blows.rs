//! Whatever befalls a run, its state stays valid.

use super::*;

/// One thing that may befall a run.
#[derive(Clone, Debug)]
pub(super) enum Blow {
    Choose(usize),
    Pass(u64),
    See([bool; 3]),
    Silent(usize),
    Finish(usize, i32),
    LeaveAndReturn,
    Wild(usize),
}

pub(super) fn blow() -> impl Strategy<Value = Blow> {
    prop_oneof![
        8 => any::<usize>().prop_map(Blow::Choose),
        3 => (0u64..400).prop_map(Blow::Pass),
        3 => any::<[bool; 3]>().prop_map(Blow::See),
        2 => (0usize..3).prop_map(Blow::Silent),
        6 => (any::<usize>(), prop_oneof![3 => Just(0), 1 => Just(1)]).prop_map(|(which, status)| Blow::Finish(which, status)),
        1 => Just(Blow::LeaveAndReturn),
        2 => any::<usize>().prop_map(Blow::Wild),
    ]
}

/// How many nodes are taken together; `None`: the walk with the decision instead; more than any: that of two people.
fn many() -> impl Strategy<Value = Option<usize>> {
    let two_people = Just(Some(usize::MAX));
    prop_oneof![1 => Just(None), 1 => (0usize..4).prop_map(Some), 1 => (30usize..40).prop_map(Some), 1 => two_people]
}

impl Walk {
    /// A walk that meets blows; that which takes nodes together is at its beginning or already there.
    pub(super) fn suffering(many: Option<usize>) -> Self {
        match many {
            None => Self::of(decided_book()),
            Some(0) => Self::of(together_book()),
            Some(usize::MAX) => Self::of(verified_book()),
            Some(nodes) => together::at_agree(nodes),
        }
    }

    pub(super) fn suffer(&mut self, blow: &Blow) {
        match blow {
            Blow::Choose(index) => {
                let allowed = self.allowed();
                let usual = allowed.iter().filter(|allowed| !matches!(allowed, Allowed::Abandon | Allowed::Leave));
                let usual: Vec<_> = usual.cloned().collect();
                let proposal = (!usual.is_empty()).then(|| self.proposal_for(&usual[index % usual.len()])).flatten();
                if let Some(proposal) = proposal {
                    self.must(proposal);
                    self.sense();
                }
            }
            Blow::Pass(seconds) => self.pass(*seconds),
            Blow::See(ok) => self.see(*ok),
            Blow::Silent(node) => {
                self.moment.board = silent(*node);
                self.sense();
            }
            Blow::Finish(which, status) if self.state.is_running() => self.finish_any(*which, *status),
            Blow::Finish(..) => {}
            Blow::LeaveAndReturn if self.state.closed.is_none() => {
                self.must(Proposal::Leave { how: Leaving::Interrupted });
                self.sit();
            }
            Blow::LeaveAndReturn => {}
            Blow::Wild(index) => self.try_anything(*index),
        }
    }

    /// Proposes something about any step at all; it is refused exactly when it is not allowed.
    fn try_anything(&mut self, index: usize) {
        let keys: Vec<_> = self.state.phases.iter().flat_map(|phase| phase.keys()).map(|(key, _)| key).collect();
        let key = keys[index % keys.len()].clone();
        let kinds = [
            Allowed::ReadCautions(key.clone()),
            Allowed::Confirm(key.clone()),
            Allowed::Answer(key.clone()),
            Allowed::Choose(key.clone()),
            Allowed::Release(key.clone()),
            Allowed::Restart(key.clone()),
            Allowed::Retry(key.clone()),
            Allowed::Skip(key.clone()),
            Allowed::Defer(key.clone()),
            Allowed::TakeUp(key.clone()),
            Allowed::Override(key.clone()),
            Allowed::CutWait(key.clone()),
            Allowed::Acknowledge(health("n2")),
            Allowed::Close,
        ];
        let choice = &kinds[(index / keys.len()) % kinds.len()];
        // What waits for another person is released when it is verified.
        let verified = Allowed::Verify(key.clone());
        let is_verified = matches!(choice, Allowed::Release(_)) && self.allowed().contains(&verified);
        let is_allowed = self.allowed().contains(choice) || is_verified;
        let proposal = self.proposal_for(choice).expect("all of these can be proposed");
        let taken = decide(&self.runbook, &self.state, proposal.clone(), &self.moment);
        let is_taken = taken.as_ref().is_ok_and(|events| !events.is_empty());
        assert_eq!(is_taken, is_allowed, "{proposal:?} → {taken:?} while {:?}", self.allowed());
    }

    pub(super) fn assert_valid(&self) {
        let state = &self.state;
        // A step that failed on a plan that was left, or in a run that was given up, stays failed.
        let now: Vec<_> = state
            .walked()
            .filter(|_| state.closed.is_none())
            .flat_map(|phase| phase.keys())
            .filter(|(_, step)| matches!(step.status, StepStatus::Current | StepStatus::Failed))
            // The walk comes back to what is disputed when the current step is over.
            .filter(|(key, _)| {
                let is_disputed = state.unverified.get(key).is_some_and(|unverified| unverified.stood.is_some());
                !is_disputed || state.current.as_ref().is_none_or(|current| current == key)
            })
            .map(|(key, _)| key)
            .collect();
        assert!(now.len() <= 1, "two current steps: {now:?}");
        assert_eq!(now.first(), state.current.as_ref());
        assert!(state.running.len() <= MAX_AT_ONCE);
        assert!(state.batch.is_none() || !state.running.is_empty(), "nothing runs, and yet it is not over");
        if state.closed.is_some() {
            assert!(!state.is_running());
            let counts = state.counts();
            assert_eq!(counts.pending + counts.current + counts.deferred, 0, "closed with unaccounted steps");
            let is_given_up = state.closed.as_ref().is_some_and(|closed| closed.outcome == Outcome::Abandoned);
            assert!(is_given_up || state.to_verify().is_empty(), "closed before another has verified it");
            let may_have_failed = matches!(
                state.closed.as_ref().map(|closed| closed.outcome),
                Some(Outcome::RolledBack | Outcome::Abandoned)
            );
            assert!(counts.failed == 0 || may_have_failed, "closed as if nothing had failed");
        }
        for (key, step) in state.counted().flat_map(|phase| phase.keys()) {
            let is_sensed = self.runbook.step(&key.phase, &key.step).is_some_and(|step| step.action.is_sensed());
            assert!(!(is_sensed && step.status == StepStatus::Skipped), "{key} was skipped");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_sequence_of_proposals_leaves_a_valid_state(
        many in many(),
        blows in prop::collection::vec(blow(), 1..60),
    ) {
        let mut walk = Walk::suffering(many);
        for blow in &blows {
            walk.suffer(blow);
            walk.assert_valid();
        }
        assert_approved(&walk.records);
        prop_assert_eq!(walk.fold(&walk.records), walk.state.clone());
    }

    #[test]
    fn folding_a_prefix_and_going_on_equals_never_having_stopped(
        many in many(),
        blows in prop::collection::vec(blow(), 1..40),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut walk = Walk::suffering(many);
        for blow in &blows {
            walk.suffer(blow);
        }
        let cut = cut.index(walk.records.len() + 1);
        let mut state = walk.fold(&walk.records[..cut]);
        for record in &walk.records[cut..] {
            state.apply(record);
        }
        prop_assert_eq!(state, walk.state.clone());
    }

    #[test]
    fn records_survive_json(many in many(), blows in prop::collection::vec(blow(), 1..20)) {
        let mut walk = Walk::suffering(many);
        for blow in &blows {
            walk.suffer(blow);
        }
        for record in &walk.records {
            let line = serde_json::to_string(record).unwrap();
            let read: Record = serde_json::from_str(&line).unwrap();
            prop_assert_eq!(serde_json::to_string(&read).unwrap(), line);
        }
    }
}
