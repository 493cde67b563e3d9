"""An actor and a critic learn to walk to the end of a corridor: lists of tensors under a tape."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

seed = 42
gamma = 0.95  # Discount factor for past rewards
max_steps = 12
size = 5
keras.utils.set_random_seed(seed)
np.random.seed(seed)
eps = 1e-7


class Corridor:
    """A walk between a wall and a goal."""

    GOAL = 4

    @staticmethod
    def observe(place):
        state = np.zeros(size, dtype="float32")
        state[place] = 1.0
        return state

    def __init__(self):
        self.place = 0

    def reset(self):
        self.place = 0
        return Corridor.observe(self.place)

    def step(self, action):
        if action == 1:
            self.place += 1
        elif self.place > 0:
            self.place -= 1
        done = self.place == size - 1
        reward = 1.0 if done else -0.05
        return self.observe(self.place), reward, done


inputs = layers.Input(shape=(size,))
common = layers.Dense(16, activation="relu")(inputs)
action = layers.Dense(2, activation="softmax")(common)
critic = layers.Dense(1)(common)
model = keras.Model(inputs=inputs, outputs=[action, critic])

optimizer = keras.optimizers.Adam(learning_rate=0.02)
huber_loss = keras.losses.Huber()
env = Corridor()

for episode in range(6):
    state = env.reset()
    action_probs_history = []
    critic_value_history = []
    rewards_history = []
    with tf.GradientTape() as tape:
        for timestep in range(1, max_steps):
            # Predict action probabilities and estimated future rewards
            action_probs, critic_value = model(tf.expand_dims(state, 0))
            critic_value_history.append(critic_value[0, 0])
            chosen = np.random.choice(2, p=np.squeeze(action_probs))
            action_probs_history.append(tf.math.log(action_probs[0, chosen]))
            state, reward, done = env.step(chosen)
            rewards_history.append(reward)
            if done:
                break

        # Expected values, discounted
        returns = []
        discounted_sum = 0.0
        for r in rewards_history[::-1]:
            discounted_sum = r + gamma * discounted_sum
            returns.insert(0, discounted_sum)
        returns = np.array(returns)
        returns = (returns - np.mean(returns)) / (np.std(returns) + eps)
        returns = returns.astype("float32")

        actor_losses = []
        critic_losses = []
        for log_prob, value, ret in zip(action_probs_history, critic_value_history, returns):
            diff = ret - value
            actor_losses.append(-log_prob * diff)
            critic_losses.append(huber_loss(tf.expand_dims(value, 0), tf.expand_dims(ret, 0)))
        loss_value = sum(actor_losses) + sum(critic_losses)
    grads = tape.gradient(loss_value, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
    print("episode", episode, "steps", len(rewards_history), "reward %.2f" % sum(rewards_history), "loss %.4f" % float(loss_value))
