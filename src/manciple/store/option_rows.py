"""Rows of what portfolios, products and versions offer beside themselves: TagOptions, budgets, service actions."""

from manciple.catalog.budgets import BudgetAssociation
from manciple.catalog.service_actions import ServiceAction, ServiceActionAssociation
from manciple.catalog.tag_options import TagOption, TagOptionAssociation
from manciple.store.rows import Rows
from manciple.store.tables.budgets import BUDGET_ASSOCIATION
from manciple.store.tables.service_actions import SERVICE_ACTION, SERVICE_ACTION_ASSOCIATION
from manciple.store.tables.tag_options import TAG_OPTION, TAG_OPTION_ASSOCIATION

TAG_OPTIONS = Rows(TagOption, TAG_OPTION)
TAG_OPTION_ASSOCIATIONS = Rows(TagOptionAssociation, TAG_OPTION_ASSOCIATION)
BUDGET_ASSOCIATIONS = Rows(BudgetAssociation, BUDGET_ASSOCIATION)
SERVICE_ACTIONS = Rows(ServiceAction, SERVICE_ACTION)
SERVICE_ACTION_ASSOCIATIONS = Rows(ServiceActionAssociation, SERVICE_ACTION_ASSOCIATION)
