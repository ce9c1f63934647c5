//! Tasks: what one worker runs for one subtask of a vertex, and the adaptors that know timely.
//!
//! Two adaptors are enough: [`source`] for tasks that begin with a source, and [`operator`] for
//! tasks with one or more inputs. Sinks are operators at the end of a chain. What both share, the
//! chain and the boundary of an epoch, is [`core`].

pub(crate) mod announce;
pub(crate) mod control;
pub(crate) mod core;
pub(crate) mod operator;
pub(crate) mod output;
pub(crate) mod source;
pub(crate) mod watermark;

use timely::dataflow::Stream;

use crate::chunk::Chunk;
use crate::time::Time;

/// A stream of chunks between two tasks.
pub(crate) type ChunkStream<'scope> = Stream<'scope, Time, Vec<Chunk>>;
/// A stream of watermark announcements from a vertex to every task behind it.
pub(crate) type AnnouncementStream<'scope> = Stream<'scope, Time, Vec<watermark::Announcement>>;
