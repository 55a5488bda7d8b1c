export const en = {
  title: "Sign in",
  text: "Forecasts of power, each sealed before its outcome is known. This installation asks who you are.",
  provider: (host: string) => `Continue with ${host}`,
  or: "or",
  wallet: {
    title: "With a wallet",
    text: "You sign a sentence; nothing is sent and nothing is paid. Your roles are what the chain says.",
    none: "No wallet has announced itself in this browser.",
    statement: "Sign in to Gridseal.",
    button: (name: string) => `Sign in with ${name}`,
  },
  key: {
    title: "With an API key",
    label: "API key",
    text: "It is kept where scripts cannot read it, until you sign out or for twelve hours.",
    button: "Sign in",
  },
  why: {
    away: "The provider does not answer. Try again, or sign in another way.",
    again: "That sign-in was not finished in time or in this browser. Try again.",
    refused: "The provider has not let you in.",
  },
  signedOut: {
    title: "You are signed out",
    text: "What is shown is what was known until then; nothing new arrives.",
    link: "Sign in again",
  },
  noPermission: {
    title: "Your role may not see this",
    text: "You are signed in, but have no role here. Ask whoever runs this installation.",
  },
  out: "Sign out",
  who: { person: "signed in", machine: "API key", wallet: "wallet", local: "" },
};
