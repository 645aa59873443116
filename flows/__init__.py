"""The story: one Prefect flow per stage of the wheel, and the same stories without Prefect in `flows.stories`."""
