//! The order of things that need each other: each after its needs, or the cycle with its whole path.

use std::fmt;

/// Things that need each other in a circle: `a → b → a`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle(pub Vec<String>);

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" → "))
    }
}

/// The indices of `names` in an order in which each comes after its needs, otherwise unchanged.
///
/// `needs(i)` returns the indices that `i` needs. The cycle that is reported starts and ends with the same name.
pub fn order(names: &[String], needs: &dyn Fn(usize) -> Vec<usize>) -> Result<Vec<usize>, Cycle> {
    let mut walk = Walk { needs, state: vec![State::New; names.len()], path: Vec::new(), order: Vec::new() };
    for start in 0..names.len() {
        if let Err(cycle) = walk.visit(start) {
            return Err(Cycle(cycle.into_iter().map(|index| names[index].clone()).collect()));
        }
    }
    Ok(walk.order)
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    OnPath,
    Done,
}

struct Walk<'a> {
    needs: &'a dyn Fn(usize) -> Vec<usize>,
    state: Vec<State>,
    path: Vec<usize>,
    order: Vec<usize>,
}

impl Walk<'_> {
    /// Stages are few and chains short, so the recursion is safe.
    fn visit(&mut self, index: usize) -> Result<(), Vec<usize>> {
        match self.state[index] {
            State::Done => return Ok(()),
            State::OnPath => {
                let start = self.path.iter().position(|&on_path| on_path == index).unwrap_or(0);
                return Err(self.path[start..].iter().copied().chain([index]).collect());
            }
            State::New => {}
        }
        self.state[index] = State::OnPath;
        self.path.push(index);
        for need in (self.needs)(index) {
            self.visit(need)?;
        }
        self.path.pop();
        self.state[index] = State::Done;
        self.order.push(index);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|index| format!("s{index}")).collect()
    }

    #[test]
    fn a_cycle_is_shown_with_its_whole_path() {
        let edges = [vec![], vec![0, 3], vec![1], vec![2]];
        let cycle = order(&names(4), &|index| edges[index].clone()).expect_err("1, 3 and 2 need each other");
        assert_eq!(cycle.to_string(), "s1 → s3 → s2 → s1");
        let cycle = order(&names(1), &|_| vec![0]).expect_err("it needs itself");
        assert_eq!(cycle.to_string(), "s0 → s0");
    }

    proptest! {
        #[test]
        fn everything_stands_once_and_behind_its_needs(edges in prop::collection::vec((0usize..30, 0usize..30), 0..120)) {
            // Edges that point to a lower index only cannot make a cycle.
            let needs = |index: usize| -> Vec<usize> {
                edges.iter().filter(|(from, to)| from.max(to) == &index && from != to).map(|(a, b)| *a.min(b)).collect()
            };
            let order = order(&names(30), &needs).expect("there is no cycle");
            let mut sorted = order.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..30).collect::<Vec<_>>());
            let place = |index| order.iter().position(|&other| other == index);
            for index in 0..30 {
                for need in needs(index) {
                    prop_assert!(place(need) < place(index));
                }
            }
        }
    }
}
