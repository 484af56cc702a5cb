//! The life of a pod as a state machine: one step a second, from what it was and what the world is like. Pure.

use crate::workloads::Behaviour;

/// How far a pod has come.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// It waits for a node, for so many seconds now.
    Pending(u64),
    /// It is on its node, and its container is being made.
    Creating,
    /// Its container cannot be made: the reason and the message.
    Waiting(&'static str, String),
    /// Its program runs.
    Running,
    /// Its program has just ended with this code.
    Crashed(i64),
    /// Its program ended with this code, and is started again at that time.
    BackOff(i64, u64),
}

/// A pod's life so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Life {
    /// How far it has come.
    pub phase: Phase,
    /// How often its program was started again.
    pub restarts: i64,
    /// When it became ready for the first time.
    pub ready_since: Option<u64>,
    /// Whether it is ready.
    pub ready: bool,
}

/// What the world is like for a pod.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    /// What it was told to do.
    pub behaviour: Behaviour,
    /// Why its image cannot be pulled.
    pub image_error: Option<String>,
    /// What its environment needs and does not find.
    pub missing_config: Option<String>,
    /// What its volumes need and do not find.
    pub missing_volume: Option<String>,
    /// The time, in seconds.
    pub now: u64,
}

impl Default for Life {
    fn default() -> Self {
        Self { phase: Phase::Pending(0), restarts: 0, ready_since: None, ready: false }
    }
}

impl Life {
    /// One second later.
    #[must_use]
    pub fn step(self, world: &World) -> Self {
        match self.phase {
            Phase::Pending(seconds) => {
                let waits = matches!(world.behaviour, Behaviour::Unschedulable(until) if seconds < until);
                let phase = if waits { Phase::Pending(seconds + 1) } else { Phase::Creating };
                Self { phase, ..self }
            }
            Phase::Creating | Phase::Waiting(..) => Self { phase: start(&self.phase, world), ..self },
            Phase::Running => self.run(world),
            // The first time it is started again at once.
            Phase::Crashed(_) if self.restarts == 0 => Self { phase: Phase::Running, restarts: 1, ..self },
            Phase::Crashed(code) => {
                let pause = self.restarts.unsigned_abs().min(5) * 2;
                Self { phase: Phase::BackOff(code, world.now + pause), ..self }
            }
            Phase::BackOff(_, until) if world.now >= until => {
                Self { phase: Phase::Running, restarts: self.restarts + 1, ..self }
            }
            Phase::BackOff(..) => self,
        }
    }

    fn run(self, world: &World) -> Self {
        let since = self.ready_since.unwrap_or(world.now);
        let ready = match world.behaviour {
            Behaviour::CrashLoop(code, _) => return Self { phase: Phase::Crashed(code), ready: false, ..self },
            Behaviour::ExecFormatError => return Self { phase: Phase::Crashed(255), ready: false, ..self },
            Behaviour::NeverReady => return Self { ready: false, ..self },
            Behaviour::UnreadyAfter(seconds) => world.now < since + seconds,
            Behaviour::Healthy | Behaviour::PullError(_) | Behaviour::Unschedulable(_) => true,
        };
        Self { ready, ready_since: Some(since), ..self }
    }
}

/// Pulls the image and makes the container, or says why not. An image that failed once is pulled ever more slowly.
fn start(phase: &Phase, world: &World) -> Phase {
    if world.missing_volume.is_some() {
        return Phase::Creating;
    }
    if let Some(message) = &world.image_error {
        return match phase {
            Phase::Waiting("ErrImagePull" | "ImagePullBackOff", _) => {
                Phase::Waiting("ImagePullBackOff", message.clone())
            }
            _ => Phase::Waiting("ErrImagePull", message.clone()),
        };
    }
    match &world.missing_config {
        Some(message) => Phase::Waiting("CreateContainerConfigError", message.clone()),
        None => Phase::Running,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(behaviour: Behaviour) -> World {
        World { behaviour, image_error: None, missing_config: None, missing_volume: None, now: 100 }
    }

    /// The phases of so many seconds, each with whether the pod is ready.
    fn lived(mut world: World, seconds: usize) -> Vec<(Phase, bool)> {
        let mut life = Life::default();
        let second = |_| {
            world.now += 1;
            life = life.clone().step(&world);
            (life.phase.clone(), life.ready)
        };
        (0..seconds).map(second).collect()
    }

    #[test]
    fn a_healthy_pod_starts_and_becomes_ready() {
        let wanted = [(Phase::Creating, false), (Phase::Running, false), (Phase::Running, true)];
        assert_eq!(lived(world(Behaviour::Healthy), 3), wanted);
        let late = lived(world(Behaviour::Unschedulable(2)), 5);
        assert_eq!((&late[1].0, late[4].1), (&Phase::Pending(2), true));
    }

    #[test]
    fn a_crash_is_followed_by_a_restart_and_then_by_pauses() {
        let phases: Vec<Phase> =
            lived(world(Behaviour::CrashLoop(3, String::new())), 8).into_iter().map(|(phase, _)| phase).collect();
        let (crash, pause) = (Phase::Crashed(3), Phase::BackOff(3, 108));
        let run = Phase::Running;
        assert_eq!(phases[1..], [run.clone(), crash.clone(), run.clone(), crash, pause.clone(), pause, run]);
    }

    #[test]
    fn what_is_missing_is_waited_for() {
        let mut life = Life { phase: Phase::Creating, ..Life::default() };
        let broken = World { missing_config: Some("configmap \"a\" not found".into()), ..world(Behaviour::Healthy) };
        life = life.step(&broken);
        assert!(matches!(life.phase, Phase::Waiting("CreateContainerConfigError", _)));
        assert_eq!(life.step(&world(Behaviour::Healthy)).phase, Phase::Running);
        let unpullable = World { image_error: Some("not found".into()), ..world(Behaviour::Healthy) };
        let reasons = lived(unpullable, 3).into_iter().map(|(phase, _)| phase);
        let wait = |reason| Phase::Waiting(reason, "not found".into());
        assert_eq!(reasons.collect::<Vec<_>>(), [Phase::Creating, wait("ErrImagePull"), wait("ImagePullBackOff")]);
    }

    #[test]
    fn a_pod_may_become_unready_again() {
        let ready: Vec<bool> =
            lived(world(Behaviour::UnreadyAfter(2)), 6).into_iter().map(|(_, ready)| ready).collect();
        assert_eq!(ready, [false, false, true, true, false, false]);
    }
}
