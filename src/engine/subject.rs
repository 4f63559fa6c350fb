//! What a record is about, and what stands in it of the board.

use crate::engine::board::Board;
use crate::engine::event::Event;
use crate::runbook::StepKey;

impl Event {
    /// The step that it is about.
    pub fn step(&self) -> Option<&StepKey> {
        match self {
            Self::StepBegan { step, .. }
            | Self::CautionsRead { step, .. }
            | Self::StepConfirmed { step, .. }
            | Self::AnswerGiven { step, .. }
            | Self::ChoiceMade { step, .. }
            | Self::HoldReleased { step, .. }
            | Self::StepDisputed { step, .. }
            | Self::CommandsApproved { step, .. }
            | Self::CancelAsked { step }
            | Self::CommandStarted { step, .. }
            | Self::CommandFinished { step, .. }
            | Self::CheckPassed { step, .. }
            | Self::SoakSeen { step, .. }
            | Self::SoakRestarted { step, .. }
            | Self::WaitEnded { step }
            | Self::WaitCut { step, .. }
            | Self::StepFailed { step, .. }
            | Self::StepRetried { step, .. }
            | Self::StepPutBack { step, .. }
            | Self::StepSkipped { step, .. }
            | Self::StepDeferred { step, .. }
            | Self::StepOverridden { step, .. }
            | Self::VerificationWaived { step, .. }
            | Self::StepsReopened { step, .. }
            | Self::StepsRenewed { step, .. }
            | Self::StepNotApplicable { step, .. } => Some(step),
            _ => None,
        }
    }

    /// The board as it was then; an empty one stands where nobody looked.
    pub fn board(&self) -> Option<&Board> {
        match self {
            Self::StepConfirmed { board, .. }
            | Self::AnswerGiven { board, .. }
            | Self::ChoiceMade { board, .. }
            | Self::HoldReleased { board, .. }
            | Self::StepDisputed { board, .. }
            | Self::CommandsApproved { board, .. }
            | Self::CommandStarted { board, .. }
            | Self::CheckPassed { board, .. }
            | Self::StepSkipped { board, .. }
            | Self::StepDeferred { board, .. }
            | Self::StepOverridden { board, .. }
            | Self::VerificationWaived { board, .. }
            | Self::StepsReopened { board, .. }
            | Self::RollbackEntered { board, .. } => Some(board),
            _ => None,
        }
    }
}
