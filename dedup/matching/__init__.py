"""Articles in, verified pairs with their evidence out.

Each article is prepared once (language, vectors, sentences, facts), candidates are proposed by vectors and facts, and
features of the texts decide. The costliest stage: about two milliseconds an article.
"""
