// What Hoshin sends: the roots from which the schema is generated.
import type { HomeView, KnownBlock, ModalView } from "@slack/types";

export interface Message { text: string; blocks?: KnownBlock[]; }
export type Modal = ModalView;
export type Home = HomeView;
