/** What menus of web pages say. */
export const MENU =
  'Home,About us,Contact,Products,Services,News,Blog,Login,Register,My account,Cart,Checkout,Help,FAQ,Sitemap,Search,Careers,Press,Partners,Support,Downloads,Gallery,Events,Store,Subscribe,Share,Tweet,Print this page,Next,Previous,Read more,Back to top,Follow us,Send to a friend,Terms,Shipping,Returns,Gift cards,Newsletter,Categories'.split(
    ',',
  )

/** Lines of notices that stand on every page of a site. */
export const NOTICES = [
  'This site uses cookies to give you the best experience.',
  'By continuing to browse you agree to our use of cookies.',
  'Please enable JavaScript to view all features of this page.',
  'Read our privacy policy and our terms of use.',
  'See the cookie policy for how to change your settings.',
  'All rights reserved. No part of this site may be copied.',
  'Sign up for the newsletter and never miss an offer.',
]

export const LOREM =
  'lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore magna aliqua enim ad minim veniam quis nostrud exercitation ullamco laboris nisi aliquip ex ea commodo consequat duis aute irure in reprehenderit voluptate velit esse cillum fugiat nulla pariatur excepteur sint occaecat cupidatat non proident sunt culpa qui officia deserunt mollit anim id est laborum'.split(
    ' ',
  )

/** What names in code, and the columns of listings, are made of. */
export const NAMES =
  'item,node,value,index,count,list,user,page,data,key,size,width,height,color,price,order,total,name,type,state,event,view,cache,token,buffer'.split(
    ',',
  )

export const GOODS =
  'Lamp,Chair,Table,Kettle,Backpack,Jacket,Mirror,Camera,Speaker,Keyboard,Monitor,Bottle,Blanket,Clock,Shelf,Carpet'.split(
    ',',
  )
