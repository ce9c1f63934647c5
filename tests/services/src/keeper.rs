//! A process of a service, which does not outlive ours.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::{Doing, Failure, Result};

/// A process that is killed when this is dropped, and by the kernel when our own process ends without doing so.
///
/// The kernel's signal comes when the *thread* ends that has started a process, so a thread of its own has each.
pub(crate) struct Keeper {
    id: u32,
    /// Dropped: the process is to end.
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts `program` with `arguments`, in `directory` if one is given; what it prints goes to the file `log`.
    pub(crate) fn start(
        program: &str,
        arguments: &[String],
        log: &Path,
        directory: Option<&Path>,
    ) -> Result<Self> {
        let doing = || format!("write {}", log.display());
        let out = File::create(log).doing(doing)?;
        let err = out.try_clone().doing(doing)?;
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--", program]);
        command.args(arguments);
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        directory.map(|directory| command.current_dir(directory));
        let (stop, stopped) = sync_channel::<()>(0);
        let (tell, told) = sync_channel(1);
        let keep = move || match command.spawn() {
            Ok(child) => {
                // Whoever asked is waiting.
                drop(tell.send(Ok(child.id())));
                keep(child, &stopped);
            }
            Err(error) => drop(tell.send(Err(error))),
        };
        let thread = std::thread::Builder::new()
            .name("keeps a service".to_owned())
            .spawn(keep)
            .doing(|| "start a thread".to_owned())?;
        let id = told
            .recv()
            .map_err(|_| Failure::new("the thread of a service is gone"))?
            .doing(|| "start setpriv (package util-linux)".to_owned())?;
        Ok(Self {
            id,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The id of the process.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// Whether the process has ended by itself.
    pub(crate) fn has_ended(&self) -> bool {
        std::fs::read_to_string(format!("/proc/{}/stat", self.id))
            .is_ok_and(|stat| stat.contains(") Z "))
            || !std::path::Path::new(&format!("/proc/{}", self.id)).exists()
    }

    /// Kills the process and waits for its end.
    pub(crate) fn kill(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // It does not panic.
            drop(thread.join());
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits until somebody wants the child to end.
fn keep(mut child: Child, stopped: &Receiver<()>) -> Option<ExitStatus> {
    // It answers when the other side is dropped.
    while stopped.recv().is_ok() {}
    // It may have ended by itself.
    drop(child.kill());
    child.wait().ok()
}
