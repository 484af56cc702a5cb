//! How a Deployment rolls: from its wish and its replica sets to how many replicas each shall have now. Pure.

use serde_json::Value;

/// What a Deployment asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Wish {
    /// How many replicas there shall be.
    pub replicas: i64,
    /// How many more there may be meanwhile.
    pub surge: i64,
    /// How many fewer may be available meanwhile.
    pub unavailable: i64,
    /// Whether the old ones end before the new ones start.
    pub recreate: bool,
    /// Whether nothing shall roll.
    pub paused: bool,
}

/// A replica set of the Deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct Set {
    /// How many replicas it shall have.
    pub wanted: i64,
    /// How many pods it has.
    pub pods: i64,
    /// How many of them are available.
    pub available: i64,
    /// Whether it has the Deployment's current template.
    pub new: bool,
}

impl Wish {
    /// From a Deployment.
    pub fn of(deployment: &Value) -> Self {
        let number = |pointer: &str| deployment.pointer(pointer).and_then(Value::as_i64).unwrap_or_default();
        let replicas = number("/spec/replicas");
        let strategy = &deployment["spec"]["strategy"];
        let surge = share(&strategy["rollingUpdate"]["maxSurge"], replicas, true);
        let unavailable = share(&strategy["rollingUpdate"]["maxUnavailable"], replicas, false);
        Self {
            replicas,
            surge,
            // With neither, nothing could ever move.
            unavailable: if surge == 0 && unavailable == 0 { 1 } else { unavailable.min(replicas) },
            recreate: strategy["type"] == "Recreate",
            paused: deployment["spec"]["paused"] == true,
        }
    }
}

/// A number, or a percentage of the replicas: a surge rounds up, unavailability down.
fn share(value: &Value, replicas: i64, up: bool) -> i64 {
    let Some(percent) = value.as_str().and_then(|text| text.strip_suffix('%')?.parse::<i64>().ok()) else {
        return value.as_i64().unwrap_or_default();
    };
    let parts = percent * replicas;
    if up { (parts + 99) / 100 } else { parts / 100 }
}

/// How many replicas each set shall have now. The sets stand oldest first.
pub fn step(wish: &Wish, sets: &[Set]) -> Vec<i64> {
    let mut next: Vec<i64> = sets.iter().map(|set| set.wanted).collect();
    if wish.paused {
        // Scaling goes on while a rollout is paused, when it is clear which set is meant.
        let mut active = sets.iter().enumerate().filter(|(_, set)| set.wanted > 0 || (set.new && sets.len() == 1));
        if let (Some((at, _)), None) = (active.next(), active.next()) {
            next[at] = wish.replicas;
        }
        return next;
    }
    let Some(new) = sets.iter().position(|set| set.new) else { return next };
    if wish.recreate {
        let old_pods: i64 = sets.iter().filter(|set| !set.new).map(|set| set.pods).sum();
        next = sets.iter().map(|set| if set.new { set.wanted } else { 0 }).collect();
        if old_pods == 0 {
            next[new] = wish.replicas;
        }
        return next;
    }
    let total: i64 = next.iter().sum();
    let room = (wish.replicas + wish.surge - total).max(0);
    next[new] = wish.replicas.min(next[new] + room);
    if next[new] == sets[new].wanted {
        shrink_old(wish, sets, new, &mut next);
    }
    next
}

/// Takes away old replicas: first those that are not available anyway, then as many as availability allows.
fn shrink_old(wish: &Wish, sets: &[Set], new: usize, next: &mut [i64]) {
    let least = wish.replicas - wish.unavailable;
    let starting = sets[new].wanted - sets[new].available;
    let mut unhealthy = (next.iter().sum::<i64>() - least - starting).max(0);
    for (at, set) in sets.iter().enumerate().filter(|(_, set)| !set.new) {
        let down = unhealthy.min(set.wanted - set.available).max(0);
        next[at] -= down;
        unhealthy -= down;
    }
    let mut spare = (sets.iter().map(|set| set.available).sum::<i64>() - least).max(0);
    for (at, _) in sets.iter().enumerate().filter(|(_, set)| !set.new) {
        let down = spare.min(next[at]);
        next[at] -= down;
        spare -= down;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn wish(replicas: i64, surge: i64, unavailable: i64) -> Wish {
        Wish { replicas, surge, unavailable, recreate: false, paused: false }
    }

    fn set(wanted: i64, available: i64, new: bool) -> Set {
        Set { wanted, pods: wanted, available, new }
    }

    #[test]
    fn percentages_round_as_in_kubernetes() {
        let of = |surge: &Value, unavailable: &Value| {
            let rolling = json!({ "maxSurge": surge, "maxUnavailable": unavailable });
            let wish = Wish::of(&json!({ "spec": { "replicas": 3, "strategy": { "rollingUpdate": rolling } } }));
            (wish.surge, wish.unavailable)
        };
        assert_eq!(of(&json!("25%"), &json!("25%")), (1, 0));
        assert_eq!(of(&json!(2), &json!(1)), (2, 1));
        assert_eq!(of(&json!(0), &json!("10%")), (0, 1), "something must be able to move");
    }

    #[test]
    fn steps() {
        assert_eq!(step(&wish(3, 1, 0), &[set(3, 3, false), set(0, 0, true)]), [3, 1], "one more at first");
        assert_eq!(step(&wish(3, 1, 0), &[set(3, 3, false), set(1, 0, true)]), [3, 1], "none goes before one comes");
        assert_eq!(step(&wish(3, 1, 0), &[set(3, 3, false), set(1, 1, true)]), [2, 1]);
        assert_eq!(step(&wish(3, 0, 1), &[set(3, 3, false), set(0, 0, true)]), [2, 0], "without surge one goes first");
        assert_eq!(
            step(&wish(3, 1, 0), &[set(3, 1, false), set(1, 0, true)]),
            [3, 1],
            "the sick ones are kept if need be"
        );
        assert_eq!(step(&wish(1, 1, 0), &[set(3, 3, true)]), [1], "fewer are wanted");
        let paused = Wish { paused: true, ..wish(5, 1, 0) };
        assert_eq!(step(&paused, &[set(3, 3, true)]), [5]);
        assert_eq!(step(&paused, &[set(3, 3, false), set(1, 1, true)]), [3, 1]);
        let recreate = Wish { recreate: true, ..wish(2, 0, 0) };
        assert_eq!(step(&recreate, &[set(2, 2, false), set(0, 0, true)]), [0, 0]);
        assert_eq!(step(&recreate, &[set(0, 0, false), set(0, 0, true)]), [0, 2]);
    }

    /// Every rollout of healthy pods ends, and never has too many replicas or too few available ones.
    #[test]
    fn rollouts_end_and_keep_their_limits() {
        for (replicas, surge, unavailable) in [(1, 1, 0), (3, 1, 0), (4, 0, 1), (5, 2, 2), (10, 3, 2), (2, 0, 2)] {
            let wish = wish(replicas, surge, unavailable);
            let mut sets = vec![set(replicas, replicas, false), set(0, 0, true)];
            for round in 0.. {
                assert!(round < 100, "{wish:?} does not end: {sets:?}");
                let next = step(&wish, &sets);
                for (set, wanted) in sets.iter_mut().zip(next) {
                    set.wanted = wanted;
                    set.available = set.available.min(wanted);
                }
                let (total, available): (i64, i64) =
                    sets.iter().fold((0, 0), |(total, ok), set| (total + set.wanted, ok + set.available));
                assert!(total <= replicas + surge && available >= replicas - unavailable, "{wish:?}: {sets:?}");
                if sets[0].wanted == 0 && sets[1].available == replicas {
                    break;
                }
                for set in &mut sets {
                    set.available = set.wanted;
                }
            }
        }
    }
}
