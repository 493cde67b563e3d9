//! The game of the example actor_critic.

use candle_keras::ops::random::Stream;

/// The cart with its pole (Barto, Sutton and Anderson, 1983): position, velocity, angle and angular velocity.
#[derive(Clone, Copy)]
pub struct Cart([f64; 4]);

impl Cart {
    /// Nearly upright.
    pub fn new(stream: &mut Stream) -> Self {
        let random = stream.uniform(4);
        Self(std::array::from_fn(|i| 0.1 * random[i] - 0.05))
    }

    /// A fiftieth of a second with a push to the left or to the right; whether the pole still stands.
    pub fn push(&mut self, right: bool) -> bool {
        let Self([x, velocity, angle, turning]) = self;
        let force = if right { 10.0 } else { -10.0 };
        let (sin, cos) = angle.sin_cos();
        // Cart 1 kg, pole 0.1 kg and 1 m.
        let shared = (force + 0.05 * *turning * *turning * sin) / 1.1;
        let angular = (9.8 * sin - cos * shared) / (0.5 * (4.0 / 3.0 - 0.1 * cos * cos / 1.1));
        let linear = shared - 0.05 * angular * cos / 1.1;
        *x += 0.02 * *velocity;
        *velocity += 0.02 * linear;
        *angle += 0.02 * *turning;
        *turning += 0.02 * angular;
        x.abs() < 2.4 && angle.abs() < 12f64.to_radians()
    }

    /// For the network, in numbers around one.
    pub fn seen(&self) -> [f32; 4] {
        let Self([x, velocity, angle, turning]) = self;
        [*x as f32, *velocity as f32, (5.0 * *angle) as f32, *turning as f32]
    }
}
