//! The tensors that an optimizer keeps for its weights.

use super::{Slot, Transform, UpdateRule};
use candle_core::{Device, Var};
use candle_keras_layers::Variable;
use candle_keras_ops::Result;
use hashbrown::HashMap;
use std::sync::Arc;

type Named = (&'static str, Var);

/// The slots of all weights, in the order of their creation, which is that of files.
#[derive(Debug, Default)]
pub(super) struct WeightSlots {
    entries: Vec<Entry>,
    places: HashMap<u64, usize>,
}

#[derive(Debug)]
struct Entry {
    weight: Variable,
    /// The slot of each transform, if it has one.
    transforms: Vec<Option<Named>>,
    /// The slots of the rule, in groups.
    rule: Vec<Vec<Named>>,
    /// Those of the rule that start as the weight, by their places among all of them.
    copies: Vec<usize>,
}

impl Entry {
    fn start_as_weight(&self) -> Result<()> {
        let all: Vec<_> = self.rule.iter().flatten().collect();
        self.copies.iter().try_for_each(|&place| {
            let slot = &all[place].1;
            Ok(slot.set(&self.weight.value().to_dtype(slot.dtype())?.copy()?)?)
        })
    }
}

impl WeightSlots {
    /// Creates the slots of a weight, if it has none yet.
    pub(super) fn build(
        &mut self,
        weight: &Variable,
        transforms: &[Arc<dyn Transform>],
        rule: &dyn UpdateRule,
    ) -> Result<()> {
        if self.places.contains_key(&weight.id()) {
            return Ok(());
        }
        let value = weight.memory();
        let create = |slot: Slot| Ok((slot.name(), slot.create(&value)?));
        let transforms = transforms.iter().map(|t| t.slot().map(create).transpose()).collect::<Result<_>>()?;
        let groups = rule.slots(weight);
        let is_copy = |(place, slot): (usize, &Slot)| slot.is_weight_at_first().then_some(place);
        let copies: Vec<_> = groups.iter().flatten().enumerate().filter_map(is_copy).collect();
        let rule = groups.into_iter().map(|slots| slots.into_iter().map(create).collect()).collect::<Result<_>>()?;
        self.places.insert(weight.id(), self.entries.len());
        let entry = Entry { weight: weight.clone(), transforms, rule, copies };
        entry.start_as_weight()?;
        self.entries.push(entry);
        Ok(())
    }

    /// Sets the slots that start as their weights.
    pub(super) fn start_as_weights(&self) -> Result<()> {
        self.entries.iter().try_for_each(Entry::start_as_weight)
    }

    fn entry(&self, weight: &Variable) -> Option<&Entry> {
        self.places.get(&weight.id()).map(|&place| &self.entries[place])
    }

    pub(super) fn has(&self, weight: &Variable) -> bool {
        self.places.contains_key(&weight.id())
    }

    pub(super) fn weights(&self) -> impl Iterator<Item = &Variable> {
        self.entries.iter().map(|entry| &entry.weight)
    }

    /// The slot of one transform.
    pub(super) fn of_transform(&self, weight: &Variable, place: usize) -> Option<&Var> {
        self.entry(weight)?.transforms.get(place)?.as_ref().map(|(_, slot)| slot)
    }

    /// The slots of the rule.
    pub(super) fn of_rule(&self, weight: &Variable) -> Vec<&Var> {
        self.entry(weight).map_or_else(Vec::new, |entry| entry.rule.iter().flatten().map(|(_, slot)| slot).collect())
    }

    /// All slots of a weight.
    pub(super) fn of(&self, weight: &Variable) -> Option<Vec<&Var>> {
        let entry = self.entry(weight)?;
        Some(entry.transforms.iter().flatten().chain(entry.rule.iter().flatten()).map(|(_, slot)| slot).collect())
    }

    /// All slots, in groups over all weights, with Keras's names.
    pub(super) fn in_order_of_files(&self) -> Vec<(String, &Var)> {
        let named = |entry: &Entry, slot: &Named| match slot.0 {
            "" => entry.weight.name().into(),
            name => format!("{}_{name}", entry.weight.path().replace('/', "_")),
        };
        let mut all = Vec::new();
        let longest = |length: fn(&Entry) -> usize| self.entries.iter().map(length).max().unwrap_or(0);
        for place in 0..longest(|entry| entry.transforms.len()) {
            for entry in &self.entries {
                let slot = entry.transforms.get(place).and_then(Option::as_ref);
                all.extend(slot.map(|slot| (named(entry, slot), &slot.1)));
            }
        }
        for group in 0..longest(|entry| entry.rule.len()) {
            for entry in &self.entries {
                all.extend(entry.rule.get(group).into_iter().flatten().map(|slot| (named(entry, slot), &slot.1)));
            }
        }
        all
    }

    /// The number of elements in all slots.
    pub(super) fn count(&self) -> usize {
        self.in_order_of_files().iter().map(|(_, slot)| slot.elem_count()).sum()
    }

    pub(super) fn move_to(&mut self, device: &Device) -> Result<()> {
        for entry in &mut self.entries {
            for (_, slot) in entry.transforms.iter_mut().flatten().chain(entry.rule.iter_mut().flatten()) {
                *slot = Var::from_tensor(&slot.as_detached_tensor().to_device(device)?)?;
            }
        }
        Ok(())
    }
}
