//! Which state dir is meant, where none was named and none is found, but others are there: asked of whoever can
//! answer. Everybody else gets the list in the error.

use super::context::Context;
use super::flags;
use crate::platform::shown;
use crate::read::locate::meant;

/// Asks for the state dir where there is a choice, and goes on with it as if it had been named.
pub(super) fn state_dir(context: &mut Context) {
    if context.global.json || !context.world.person.is_there() {
        return;
    }
    let found = meant(&flags::locating(&context.global), &context.world.env);
    if found.is_empty() {
        return;
    }
    let items = found.iter().map(|one| format!("{} ({})", shown(&one.dir), one.about()));
    let question = "There is no state dir in this home. Which one do you mean";
    if let Some(one) = context.choose(question, items).and_then(|at| found.get(at)) {
        context.global.state_dir = Some(one.dir.clone());
        context.invocation = flags::invocation(&context.global, context.world);
    }
}
